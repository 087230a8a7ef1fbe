// Real files through every way of reading them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "hw/storage/file.h"
#include "hw/storage/reader.h"
#include "tests/hw/storage_samples.h"
#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;
namespace fs = std::filesystem;

struct Way {
    IoBackend backend;
    bool direct;
};
const Way kWays[] = {{IoBackend::automatic, true},
                     {IoBackend::uring, true},
                     {IoBackend::uring, false},
                     {IoBackend::pread, true},
                     {IoBackend::pread, false}};

// nullptr where io_uring cannot be used.
std::unique_ptr<Reader> open_if_possible(const std::string& path, const ReadOptions& options) {
    try {
        return open_reader(path, options);
    } catch (const UnsupportedError&) {
        EXPECT_EQ(options.backend, IoBackend::uring);
        return nullptr;
    }
}

constexpr std::int64_t kPage = 4096;

// How many pages of the file are in the page cache.
std::size_t cached_pages(const std::string& path) {
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto size = static_cast<std::size_t>(fs::file_size(path));
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    std::vector<unsigned char> resident((size + kPage - 1) / kPage);
    EXPECT_EQ(::mincore(mapped, size, resident.data()), 0);
    ::munmap(mapped, size);
    return static_cast<std::size_t>(
        std::ranges::count_if(resident, [](unsigned char page) { return (page & 1U) != 0; }));
}

TEST(DropCached, LeavesNothingOfAFileThatWasReadThrough) {
    const TemporaryFolder folder;
    const std::string path = folder.file("parameters.bin");
    std::ofstream(path, std::ios::binary) << std::string(256 * kPage, 'x');  // dirty until dropped
    ReadOptions kept;
    kept.direct = false;
    kept.keep_cached = true;
    AlignedBuffer to(Bytes{256 * kPage});
    open_reader(path, kept)->read({}, to.size(), to.data());
    ASSERT_EQ(cached_pages(path), 256U);
    drop_cached(open_regular(path), path);
    if (lies_in_memory(path)) GTEST_SKIP() << "the file system of " << path << " is memory itself";
    EXPECT_EQ(cached_pages(path), 0U);
    open_reader(path, kept)->read({}, to.size(), to.data());
    EXPECT_EQ(cached_pages(path), 256U);
}

TEST(Reader, EveryWayReadsTheBytesOfTheFile) {
    const TemporaryFolder folder;
    const std::vector<std::byte> file = make_file(folder.file("f"), 300 * kPage, 1);
    AlignedBuffer buffer(Bytes{301 * kPage});
    for (const Way& way : kWays) {
        for (const std::uint32_t depth : {1U, 2U, 8U, 40U}) {
            Rng rng(depth);
            const Bytes request{rng.between(1, 20) * kPage - rng.between(0, kPage - 1)};
            const auto reader =
                open_if_possible(folder.file("f"), {request, depth, way.backend, way.direct});
            if (reader == nullptr) continue;
            SCOPED_TRACE(reader->info().description);
            for (int i = 0; i < 25; ++i) {
                const std::int64_t first = rng.between(0, 300);
                const std::int64_t pages = i == 0 ? 300 - first : rng.between(0, 300 - first);
                std::byte* const to = buffer.data() + (i % 2) * kPage;
                std::fill_n(buffer.data(), buffer.size().count, std::byte{0x5a});
                reader->read({first * kPage}, {pages * kPage}, to);
                EXPECT_TRUE(std::equal(to, to + pages * kPage, file.begin() + first * kPage));
                // Not a byte beside it.
                EXPECT_TRUE(
                    std::all_of(buffer.data(), to, [](auto b) { return b == std::byte{0x5a}; }));
                EXPECT_TRUE(std::all_of(to + pages * kPage, buffer.data() + 301 * kPage,
                                        [](auto b) { return b == std::byte{0x5a}; }));
            }
        }
    }
}

TEST(Reader, SaysHowItReads) {
    const TemporaryFolder folder;
    make_file(folder.file("f"), 2 * kPage, 1);
    const auto buffered = open_reader(folder.file("f"), {Bytes{1}, 3, IoBackend::pread, false});
    EXPECT_EQ(buffered->info().description,
              "pread, through the page cache (as asked for), 3 requests of 1 B in flight");
    EXPECT_FALSE(buffered->info().direct);
    EXPECT_EQ(buffered->info().alignment, Bytes{1});
    const auto direct = open_reader(folder.file("f"), {Bytes{1}, 3, IoBackend::pread});
    EXPECT_LE(direct->info().alignment, Bytes{kPage});
    EXPECT_EQ(direct->info().direct, direct->info().description.starts_with("pread, direct, 3"));
}

TEST(Reader, AFileInMemoryIsReadThroughThePageCache) {
    if (!fs::is_directory("/dev/shm")) GTEST_SKIP() << "no /dev/shm";
    const TemporaryFolder folder("/dev/shm");
    const std::vector<std::byte> file = make_file(folder.file("f"), 40 * kPage, 1);
    AlignedBuffer buffer(Bytes{40 * kPage});
    for (const IoBackend backend : {IoBackend::automatic, IoBackend::pread}) {
        const auto reader = open_reader(folder.file("f"), {Bytes{3 * kPage}, 4, backend});
        EXPECT_FALSE(reader->info().direct) << reader->info().description;
        EXPECT_NE(reader->info().description.find("(the file lies in memory)"), std::string::npos);
        reader->read({}, {40 * kPage}, buffer.data());
        EXPECT_TRUE(std::equal(file.begin(), file.end(), buffer.data()));
    }
}

TEST(Reader, WhereDirectIoWantsMoreThanTheCallerHasItIsLeft) {
    const TemporaryFolder folder;
    const std::vector<std::byte> file = make_file(folder.file("f"), 1000, 1);
    ReadOptions options;
    options.alignment = {1};
    const auto reader = open_reader(folder.file("f"), options);
    EXPECT_FALSE(reader->info().direct);
    std::vector<std::byte> bytes(700);
    reader->read({123}, {700}, bytes.data());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), file.begin() + 123));
}

TEST(Reader, AFileCutShortAfterOpeningIsAnError) {
    const TemporaryFolder folder;
    make_file(folder.file("f"), 10 * kPage, 1);
    AlignedBuffer buffer(Bytes{10 * kPage});
    for (const Way& way : kWays) {
        fs::resize_file(folder.file("f"), 10 * kPage);
        const auto reader =
            open_if_possible(folder.file("f"), {Bytes{2 * kPage}, 4, way.backend, way.direct});
        if (reader == nullptr) continue;
        fs::resize_file(folder.file("f"), 5 * kPage);
        const std::string what =
            said_by<StorageError>([&] { reader->read({}, {10 * kPage}, buffer.data()); });
        EXPECT_TRUE(what.starts_with(folder.file("f") + ": nothing at offset ")) << what;
        reader->read({}, {5 * kPage}, buffer.data());
    }
}

TEST(Reader, WhatCannotBeOpenedIsNamed) {
    const TemporaryFolder folder;
    const std::string path = folder.file("f");
    EXPECT_EQ(said_by([&] { open_reader(path, {}); }),
              path + ": cannot be opened: No such file or directory");
    EXPECT_NE(said_by([&] { open_reader(folder.path().string(), {}); }).find("expected a file"),
              std::string::npos);
    EXPECT_NE(said_by([&] { open_reader("/dev/null", {}); }).find("expected a file"),
              std::string::npos);
    make_file(path, 100, 1);
    EXPECT_NE(said_by([&] {
                  open_reader(path, {Bytes{4096}, 0});
              }).find("1 to 1024 requests"),
              std::string::npos);
    EXPECT_NE(said_by([&] {
                  open_reader(path, {Bytes{4096}, 1025});
              }).find("found 1025"),
              std::string::npos);
    EXPECT_NE(said_by([&] { open_reader(path, {Bytes{0}}); }).find("requests of 1 to"),
              std::string::npos);
    EXPECT_NE(said_by([&] { open_reader(path, {Bytes{(1 << 30) + 1}}); }).find("found 1073741825"),
              std::string::npos);
}

TEST(Reader, AnEmptyFileHasNothingToRead) {
    const TemporaryFolder folder;
    make_file(folder.file("f"), 0, 1);
    AlignedBuffer buffer(Bytes{kPage});
    const auto reader = open_reader(folder.file("f"), {});
    reader->read({}, {}, buffer.data());
    EXPECT_THROW(reader->read({}, {kPage}, buffer.data()), StorageError);
}

// A reader per thread, as a device with several read lanes has them.
TEST(Reader, SeveralReadersOfOneFileDoNotDisturbEachOther) {
    const TemporaryFolder folder;
    const std::vector<std::byte> file = make_file(folder.file("f"), 64 * kPage, 1);
    for (const IoBackend backend : {IoBackend::automatic, IoBackend::pread}) {
        std::vector<std::thread> threads;
        for (int lane = 0; lane < 3; ++lane) {
            // Opened here and used there, as a device does.
            std::shared_ptr<Reader> reader =
                open_reader(folder.file("f"), {Bytes{2 * kPage}, 4, backend});
            threads.emplace_back([&file, reader] {
                AlignedBuffer buffer(Bytes{64 * kPage});
                for (int i = 0; i < 10; ++i) {
                    reader->read({i * kPage}, {(64 - i) * kPage}, buffer.data());
                    EXPECT_TRUE(std::equal(file.begin() + i * kPage, file.end(), buffer.data()));
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
}

}  // namespace
}  // namespace swaplab
