#include "emu/memory/mapped_range.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hw/host/process.h"

namespace swaplab {
namespace {

constexpr std::int64_t kP = kFrame.count;

// Whether the byte can be read, by the kernel's word: a system call reports what would crash us.
bool readable(const std::byte* at) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    const bool good = write(ends[1], at, 1) == 1;
    EXPECT_TRUE(good || errno == EFAULT) << std::strerror(errno);
    close(ends[0]);
    close(ends[1]);
    return good;
}

TEST(MappedRange, HasMemoryWhileItIsMapped) {
    FramePool pool({8 * kP});
    MappedRange range({8 * kP}, Views::one);
    EXPECT_EQ(range.device(), range.host());
    EXPECT_FALSE(readable(range.host()));
    const auto frames = pool.take({3 * kP - 5});
    range.map(pool, {3 * kP - 5}, frames);
    EXPECT_EQ(range.mapped(), Bytes{3 * kP});
    std::memset(range.host(), 7, 3 * kP);
    EXPECT_FALSE(readable(range.host() + 3 * kP));
    range.unmap();
    EXPECT_FALSE(readable(range.host()));
    EXPECT_FALSE(readable(range.host() + 3 * kP - 1));
    EXPECT_EQ(range.mapped(), Bytes{});
    range.map(pool, {3 * kP}, frames);  // the frames' content is theirs
    EXPECT_EQ(range.host()[3 * kP - 1], std::byte{7});
}

TEST(MappedRange, BothViewsSeeTheSameFrames) {
    FramePool pool({8 * kP}, Views::host_and_device);
    MappedRange range({4 * kP}, Views::host_and_device);
    ASSERT_NE(range.device(), range.host());
    // In pieces, in an order that is not that of the file.
    pool.take({8 * kP});
    const std::array frames{FrameRange{{5 * kP}, {kP}}, FrameRange{{}, {2 * kP}}};
    range.map(pool, {3 * kP}, frames);
    for (std::int64_t page = 0; page < 3; ++page)
        range.host()[page * kP + 11] = static_cast<std::byte>(page + 1);
    for (std::int64_t page = 0; page < 3; ++page)
        EXPECT_EQ(range.device()[page * kP + 11], static_cast<std::byte>(page + 1));
    range.set_host_access(false);
    EXPECT_FALSE(readable(range.host()));
    range.device()[2 * kP] = std::byte{99};
    range.set_host_access(true);
    EXPECT_EQ(range.host()[2 * kP], std::byte{99});
    range.unmap();
    EXPECT_FALSE(readable(range.device()));
}

TEST(MappedRange, AMapOpensWhatWasClosed) {
    FramePool pool({2 * kP}, Views::host_and_device);
    MappedRange range({2 * kP}, Views::host_and_device);
    range.set_host_access(false);  // nothing is mapped: nothing to close
    range.map(pool, {2 * kP}, pool.take({2 * kP}));
    EXPECT_TRUE(readable(range.host()));
}

// A process is as large as its pool, whatever is mapped: a mapping is moved, not made.
TEST(MappedRange, MappingDoesNotMakeTheProcessLarger) {
    if (SWAPLAB_SANITIZED) GTEST_SKIP() << "sanitizers keep memory of their own for every address";
    constexpr Bytes size{64 << 20};
    FramePool pool(size);
    MappedRange range(size, Views::one);
    const auto frames = pool.take(size);
    const Bytes before = process_memory().resident;
    range.map(pool, size, frames);
    std::memset(range.host(), 1, static_cast<std::size_t>(size.count));
    const Bytes during = process_memory().resident;
    range.unmap();
    const Bytes after = process_memory().resident;
    EXPECT_LT(during.count - before.count, size.count / 4);
    EXPECT_LT(before.count - after.count, size.count / 4);
}

}  // namespace
}  // namespace swaplab
