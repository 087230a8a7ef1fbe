// What is left of a pack that could not be written: nothing.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tests/hw/storage_samples.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;
namespace fs = std::filesystem;

// A disk with room for so many more bytes, as `write` shows it: what fits is written, then nothing.
std::int64_t room = 0;
ssize_t write_while_room(int descriptor, const void* bytes, std::size_t size) {
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    const ssize_t wrote =
        ::write(descriptor, bytes, std::min(size, static_cast<std::size_t>(room)));
    room -= std::max<ssize_t>(wrote, 0);
    return wrote;
}

ssize_t write_little(int descriptor, const void* bytes, std::size_t size) {
    static int calls = 0;
    if (++calls % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return ::write(descriptor, bytes, std::min<std::size_t>(size, 777));
}

TEST(PackWriter, AFullDiskLeavesNothingWhereverItFills) {
    const TemporaryFolder folder;
    const std::string pack = folder.file("pack");
    write_sample_pack(pack);
    std::int64_t whole = 0;
    for (const auto& entry : fs::directory_iterator(pack))
        whole += static_cast<std::int64_t>(entry.file_size());
    fs::remove_all(pack);
    for (std::int64_t size = 0; size < whole; size += 509) {
        room = size;
        const std::string error =
            said_by<StorageError>([&] { write_sample_pack(pack, write_while_room); });
        EXPECT_TRUE(error.starts_with(pack + "/")) << error;
        EXPECT_NE(error.find("No space left on device"), std::string::npos) << error;
        EXPECT_TRUE(folder.names().empty()) << size;
    }
    room = whole;
    write_sample_pack(pack, write_while_room);
    verify(Pack(pack));
}

TEST(PackWriter, ShortAndInterruptedWritesGoOn) {
    const TemporaryFolder folder;
    write_sample_pack(folder.file("a"));
    write_sample_pack(folder.file("b"), write_little);
    for (const char* name : {kIndexFile, kModelFile, kParametersFile, kSkeletonFile})
        EXPECT_EQ(read_file(folder.file("a/") + name), read_file(folder.file("b/") + name));
}

// The kernel itself says no: a limit on the size of files stands for the full disk.
TEST(PackWriter, ARealRefusalLeavesNothing) {
    const TemporaryFolder folder;
    ModelSpec spec = sample_model();
    spec.layers[2].parameter_bytes = {8 << 20};
    const Model model(spec);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit small{3 << 20, limit.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string error =
        said_by<StorageError>([&] { write_synthetic_pack(model, folder.file("pack"), 1); });
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(
        error.find("pack/parameters.bin: at offset 3145728: cannot be written: File too large"),
        std::string::npos)
        << error;
    EXPECT_TRUE(folder.names().empty());
    write_synthetic_pack(model, folder.file("pack"), 1);
}

TEST(PackWriter, AnExceptionBetweenLayersLeavesNothing) {
    const TemporaryFolder folder;
    try {
        PackWriter writer(folder.file("pack"), "sample");
        writer.add_layer("relu", {});
        EXPECT_EQ(folder.names().size(), 1U);  // the temporary folder, beside the target
        EXPECT_FALSE(fs::exists(folder.file("pack")));
        throw std::runtime_error("the model cannot be cut");
    } catch (const std::runtime_error&) {
    }
    EXPECT_TRUE(folder.names().empty());
}

TEST(PackWriter, WhatDoesNotReadBackIsNotKept) {
    const TemporaryFolder folder;
    const auto write = [&] {
        PackWriter writer(folder.file("pack"), "sample");
        const std::vector<std::byte> bytes = some_bytes(15, 1);
        const TensorToPack wrong[] = {{"w", "float32", {4}, 0, bytes}};  // 16 bytes
        writer.add_layer("a", wrong);
        ModelSpec spec;
        spec.name = "sample";
        spec.layers.resize(1);
        spec.layers[0].name = "a";
        spec.layers[0].parameter_bytes = {15};
        spec.layers[0].parameter_tensors = 1;
        writer.finish({}, spec);
    };
    EXPECT_NE(said_by(write).find("expected the 16 bytes of its dtype and shape, found 15"),
              std::string::npos);
    EXPECT_TRUE(folder.names().empty());
}

TEST(PackWriter, ReplacesNothing) {
    const TemporaryFolder folder;
    const std::string pack = folder.file("pack");
    const auto write = [&] { write_sample_pack(pack + "/"); };
    fs::create_directory(pack);
    write();  // an empty folder is none
    verify(Pack(pack));
    EXPECT_NE(said_by(write).find("exists already"), std::string::npos);
    verify(Pack(pack));
    EXPECT_EQ(folder.names().size(), 1U);
    const std::string error = said_by([&] { write_sample_pack(folder.file("no/where")); });
    EXPECT_NE(error.find("no is not a folder"), std::string::npos) << error;
    write_file(folder.file("file"), "x");
    EXPECT_NE(said_by([&] { write_sample_pack(folder.file("file")); }).find("exists already"),
              std::string::npos);
}

// Before anything is written: what a rename would refuse in the end.
TEST(PackWriter, OntoALinkOrAFile) {
    const TemporaryFolder folder;
    const std::string pack = folder.file("pack");
    const auto said = [&] { return said_by([&] { write_sample_pack(pack); }); };
    fs::create_symlink(folder.file("nowhere"), pack);
    EXPECT_EQ(said(), pack + ": is a link, and a pack is a new folder under its own name");
    fs::create_directory(folder.file("nowhere"));
    EXPECT_EQ(said(), pack + ": is a link, and a pack is a new folder under its own name");
    fs::remove(pack);
    write_file(pack, "");
    EXPECT_EQ(said(), pack + ": is a file and exists already; a pack is a new folder");
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"nowhere", "pack"}));
}

// A signal's handler knows of the folder for as long as it is not whole.
TEST(PackWriter, TellsOfTheFolderThatIsNotWhole) {
    const TemporaryFolder folder;
    std::vector<std::string> told;
    const PartialListener listener{[&](const std::string& at) { told.push_back("made " + at); },
                                   [&](const std::string& at) { told.push_back("gone " + at); }};
    {
        const PackWriter given_up(folder.file("pack"), "sample", Bytes{4096}, ::write, listener);
        ASSERT_EQ(told.size(), 1U);
        EXPECT_TRUE(fs::is_directory(told[0].substr(5))) << told[0];
    }
    write_synthetic_pack(Model(sample_model()), folder.file("pack"), 1, ::write, nullptr, listener);
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[1].substr(5), told[0].substr(5));
    EXPECT_EQ(told[3].substr(5), told[2].substr(5));
    EXPECT_EQ(told[3].substr(0, 4), "gone");
    EXPECT_EQ(folder.names(), std::vector<std::string>{"pack"});
}

TEST(PackWriter, WhatAKilledOneLeavesIsFoundAndRemoved) {
    const TemporaryFolder folder;
    const std::string pack = folder.file("pack");
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        PackWriter writer(pack, "sample");
        writer.add_layer("relu", {});
        [[maybe_unused]] const ssize_t told = ::write(ends[1], "w", 1);
        for (;;) ::pause();
    }
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    EXPECT_EQ(folder.names().size(), 1U);
    EXPECT_TRUE(left_behind_beside(pack).empty()) << "its writer lives";
    EXPECT_NE(said_by<StorageError>([&] {
                  remove_left_behind(folder.file(folder.names().front()));
              }).find("somebody writes to it"),
              std::string::npos);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    fs::create_directory(folder.file("pack.partial-of-mine"));  // of somebody else
    const std::vector<std::string> left = left_behind_beside(folder.file("other"));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_TRUE(left.front().starts_with(pack + ".partial-")) << left.front();
    remove_left_behind(left.front());
    EXPECT_EQ(folder.names(), std::vector<std::string>{"pack.partial-of-mine"});
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(PackWriter, FoldersThatMayNotBeWrittenTo) {
    if (::geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
    const TemporaryFolder folder;
    fs::create_directory(folder.file("closed"));
    fs::permissions(folder.file("closed"), fs::perms::owner_read | fs::perms::owner_exec);
    const std::string error =
        said_by<StorageError>([&] { write_sample_pack(folder.file("closed/pack")); });
    EXPECT_NE(error.find("Permission denied"), std::string::npos) << error;
}

}  // namespace
}  // namespace swaplab
