// The reader's logic over storage that misbehaves: whatever happens, the bytes are right or the
// error is typed, and no request is in flight afterwards.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "hw/storage/direct_reader.h"
#include "hw/storage/file.h"
#include "tests/hw/storage_faulty_io.h"
#include "tests/hw/storage_samples.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;

constexpr std::int64_t kSector = 512;

// A file of 64 sectors, read 4 sectors a request, 3 requests in flight.
class FaultsTest : public ::testing::Test {
  protected:
    std::unique_ptr<Reader> reader(FaultyIo::Faults faults, std::int64_t pretended_size = 0) {
        ReadPlan plan;
        plan.file = "FILE";
        plan.file_size = {std::max<std::int64_t>(64 * kSector, pretended_size)};
        plan.request_bytes = {4 * kSector};
        plan.depth = 3;
        plan.info.alignment = {kSector};
        return std::make_unique<DirectReader>(
            std::make_unique<FaultyIo>(std::make_unique<ShuffledIo>(file_, 1), std::move(faults),
                                       &in_flight_),
            std::move(plan));
    }

    void expect_whole_read(FaultyIo::Faults faults) {
        std::fill_n(buffer_.data(), file_.size(), std::byte{});
        const auto faulty = reader(std::move(faults));
        faulty->read({}, {64 * kSector}, buffer_.data());
        EXPECT_EQ(in_flight_, 0);
        EXPECT_TRUE(std::equal(file_.begin(), file_.end(), buffer_.data()));
    }

    std::string error(FaultyIo::Faults faults, std::int64_t pretended_size = 0) {
        const auto faulty = reader(std::move(faults), pretended_size);
        const Bytes size{std::max<std::int64_t>(64 * kSector, pretended_size)};
        std::string what = said_by<StorageError>([&] { faulty->read({}, size, buffer_.data()); });
        EXPECT_EQ(in_flight_, 0);
        // It can be used again, though not every fault is over.
        faulty->read({kSector}, {kSector}, buffer_.data());
        EXPECT_TRUE(std::equal(buffer_.data(), buffer_.data() + kSector, file_.begin() + kSector));
        return what;
    }

    std::vector<std::byte> file_ = some_bytes(64 * kSector, 1);
    AlignedBuffer buffer_{Bytes{128 * kSector}};
    std::int64_t in_flight_ = 0;
};

TEST_F(FaultsTest, ShortReadsAreCompleted) {
    // Whole sectors, none whole, and a part of one that is asked for again.
    for (const std::size_t most : {512U, 1024U, 100U, 700U, 1U, 2047U})
        for (std::uint64_t number = 0; number < 17; ++number)
            expect_whole_read({{number, {0, false, most}}});
}

TEST_F(FaultsTest, InterruptionsAreRetried) {
    for (const int error : {EINTR, EAGAIN}) {
        FaultyIo::Faults faults;
        for (std::uint64_t number = 0; number < 40; ++number)
            if (number % 5 < 3) faults[number] = {error};
        expect_whole_read(faults);
    }
}

TEST_F(FaultsTest, AnErrorIsTypedAndNamesFileOffsetAndWhy) {
    for (std::uint64_t number = 0; number < 16; ++number) {
        const std::string what = error({{number, {EIO}}});
        EXPECT_EQ(what, "FILE: at offset " + std::to_string(number * 4 * kSector) +
                            ": cannot be read: Input/output error (errno 5)");
    }
    EXPECT_NE(error({{0, {EFAULT}}}).find("Bad address"), std::string::npos);
}

TEST_F(FaultsTest, TheLowestOfSeveralErrorsIsTold) {
    EXPECT_NE(error({{0, {EIO}}, {1, {ENXIO}}, {2, {EIO}}}).find("at offset 0:"),
              std::string::npos);
}

TEST_F(FaultsTest, AnErrorAfterAShortReadNamesWhereItStopped) {
    const auto faulty = reader({{0, {0, false, kSector}}, {1, {EIO}}});
    const std::string what =
        said_by<StorageError>([&] { faulty->read({}, {4 * kSector}, buffer_.data()); });
    EXPECT_TRUE(what.starts_with("FILE: at offset 512: cannot be read: ")) << what;
}

TEST_F(FaultsTest, AFileThatEndsEarlyIsAnError) {
    // As it was truncated after it was opened: the storage has 64 of 80 sectors.
    EXPECT_EQ(error({}, 80 * kSector),
              "FILE: nothing at offset 32768, though the file had 40960 bytes when it was opened");
    EXPECT_NE(error({{5, {0, true}}}).find("nothing at offset 10240"), std::string::npos);
}

TEST_F(FaultsTest, WhatNeverGoesOnBecomesAnError) {
    FaultyIo::Faults interrupted;
    FaultyIo::Faults fruitless;
    for (std::uint64_t number = 0; number < 310; ++number) {
        interrupted[number] = {EAGAIN};
        fruitless[number] = {0, false, 511};
    }
    EXPECT_NE(error(interrupted).find("temporarily unavailable"), std::string::npos);
    EXPECT_NE(error(fruitless).find("Input/output error"), std::string::npos);
}

TEST_F(FaultsTest, BeyondTheEndNothingIsSubmitted) {
    const auto sound = reader({});
    const Bytes end{64 * kSector};
    const std::string what = said_by<StorageError>(
        [&] { sound->read(end - Bytes{kSector}, {2 * kSector}, buffer_.data()); });
    EXPECT_EQ(what, "FILE: 1024 bytes at offset 32256 asked for, but the file ends at 32768");
    EXPECT_THROW(sound->read(end + Bytes{kSector}, {}, buffer_.data()), StorageError);
    sound->read(end, {}, buffer_.data());  // nothing, at the very end
}

TEST_F(FaultsTest, RandomFaultsGiveTheBytesOrAnError) {
    SWAPLAB_FOR_SEEDS(seed, 1, 300) {
        Rng rng(seed);
        FaultyIo::Faults faults;
        bool fatal = false;
        for (std::uint64_t number = 0; number < 16; ++number) {
            if (!rng.chance(40)) continue;
            const int errors[] = {0, EINTR, EAGAIN, rng.chance(10) ? EIO : 0};
            const Fault fault{errors[rng.between(0, 3)], false,
                              static_cast<std::size_t>(rng.between(1, 3000))};
            fatal = fatal || fault.error == EIO;
            faults[number] = fault;
        }
        if (fatal) {
            EXPECT_NE(error(faults), "no error");
        } else {
            expect_whole_read(faults);
        }
    }
}

TEST_F(FaultsTest, AMisalignedReadIsABrokenProgram) {
    const auto sound = reader({});
    EXPECT_DEATH(sound->read({1}, {kSector}, buffer_.data()), "alignment 512");
    EXPECT_DEATH(sound->read({}, {kSector + 1}, buffer_.data()), "alignment 512");
    EXPECT_DEATH(sound->read({}, {kSector}, buffer_.data() + 1), "alignment 512");
}

}  // namespace
}  // namespace swaplab
