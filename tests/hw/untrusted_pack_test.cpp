// Packs come from strangers: what lies in their folder under the names of a pack's files, and what
// was changed in it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "hw/storage/pack.h"
#include "tests/hw/storage_samples.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;
namespace fs = std::filesystem;

constexpr const char* kFiles[] = {kIndexFile, kModelFile, kParametersFile, kSkeletonFile};

class UntrustedPack : public ::testing::Test {
  protected:
    UntrustedPack() { write_sample_pack(pack_); }

    std::string error() const {
        return said_by([&] { Pack{pack_}; });
    }
    std::string in_pack(const std::string& name) const { return pack_ + "/" + name; }
    // Puts something else in the place of each file, one after the other.
    template <class Put>
    void expect_refused(const std::string& kind, Put put) {
        for (const char* name : kFiles) {
            fs::rename(in_pack(name), folder_.file("away"));
            put(in_pack(name));
            EXPECT_EQ(error(),
                      in_pack(name) + ": expected a file of the pack's own, found " + kind);
            EXPECT_TRUE(is_pack(pack_));  // and so it is opened, and says what is wrong
            fs::remove(in_pack(name));
            fs::rename(folder_.file("away"), in_pack(name));
        }
        EXPECT_EQ(error(), "no error");
    }

    TemporaryFolder folder_;
    std::string pack_ = folder_.file("pack");
};

// Opening one for reading would wait for a writer.
TEST_F(UntrustedPack, APipe) {
    expect_refused("a pipe", [](const std::string& at) { ASSERT_EQ(mkfifo(at.c_str(), 0666), 0); });
}

TEST_F(UntrustedPack, ALinkEvenToTheFileItself) {
    expect_refused("a symbolic link",
                   [&](const std::string& at) { fs::create_symlink(folder_.file("away"), at); });
}

TEST_F(UntrustedPack, AFolder) {
    expect_refused("a folder", [](const std::string& at) { fs::create_directory(at); });
}

TEST_F(UntrustedPack, ADevice) {
    const std::string probe = folder_.file("probe");
    if (mknod(probe.c_str(), S_IFCHR | 0666, makedev(1, 5)) != 0)
        GTEST_SKIP() << "only root makes devices";
    expect_refused("a device", [](const std::string& at) {
        ASSERT_EQ(mknod(at.c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);  // /dev/zero
    });
}

// The folder's own name is the user's, who may have links.
TEST_F(UntrustedPack, IsReachedThroughALink) {
    fs::create_directory_symlink(pack_, folder_.file("link"));
    EXPECT_EQ(Pack(folder_.file("link")).index().model, "sample");
}

// Exchanged between opening the pack and reading it.
TEST_F(UntrustedPack, ParametersThatWereExchangedSince) {
    const Pack pack(pack_);
    fs::rename(in_pack(kParametersFile), folder_.file("away"));
    fs::create_symlink(folder_.file("away"), in_pack(kParametersFile));
    EXPECT_NE(said_by([&] { pack.open_parameters({}); }).find("found a symbolic link"),
              std::string::npos);
    fs::remove(in_pack(kParametersFile));
    write_file(in_pack(kParametersFile), "short");
    EXPECT_NE(
        said_by<StorageError>([&] { pack.open_parameters({}); }).find("the file is truncated"),
        std::string::npos);
}

// Another folder of the same name is not the one that was opened.
TEST_F(UntrustedPack, AFolderThatWasExchangedSince) {
    const Pack pack(pack_);
    fs::rename(pack_, folder_.file("old"));
    fs::create_directory(pack_);
    verify(pack);
}

void replace_in(const std::string& path, const std::string& from, const std::string& to) {
    std::string content = read_file(path);
    ASSERT_NE(content.find(from), std::string::npos) << from;
    write_file(path, content.replace(content.find(from), from.size(), to));
}

// Lengths and offsets that overlap, leave the file, or overflow.
TEST_F(UntrustedPack, NumbersThatDoNotHold) {
    struct Case {
        const char* from;
        const char* to;
        const char* says;
    };
    const std::string whole = read_file(in_pack(kIndexFile));
    for (const Case& edit : std::vector<Case>{
             {"\"stored_bytes\": 12288", "\"stored_bytes\": 1152921504606846976", "2^60"},
             {"\"stored_bytes\": 12288", "\"stored_bytes\": 9223372036854775807", "a multiple"},
             {"\"stored_bytes\": 12288", "\"stored_bytes\": 9223372036854775808", ""},
             {"\"stored_bytes\": 12288", "\"stored_bytes\": -4096", ""},
             {"\"offset_bytes\": 4096", "\"offset_bytes\": 0", "where the segment before it ends"},
             {"\"offset_bytes\": 1216", "\"offset_bytes\": 1152",
              "where the tensor before it ends"},
             {"\"offset_bytes\": 12032", "\"offset_bytes\": 12288", "outside its layer's segment"},
             {"\"offset_bytes\": 12032", "\"offset_bytes\": 9223372036854775744",
              "outside its layer's segment"},
             {" 3000,", " 1152921504606846976,", "2^60"},
             {"\"slot\": 1", "\"slot\": 0", "two tensors of one layer"},
             {"\"slot\": 1", "\"slot\": 4294967296", "below 2^32"}}) {
        replace_in(in_pack(kIndexFile), edit.from, edit.to);
        const std::string said = error();
        EXPECT_NE(said, "no error") << edit.to;
        EXPECT_NE(said.find(edit.says), std::string::npos) << edit.to << ": " << said;
        write_file(in_pack(kIndexFile), whole);
    }
    // Both files agree, the parameters do not.
    const std::string model = read_file(in_pack(kModelFile));
    for (const char* file : {kIndexFile, kModelFile})
        replace_in(in_pack(file), "\"stored_bytes\": 12288", "\"stored_bytes\": 16384");
    EXPECT_NE(error().find("expected the 20480 bytes of"), std::string::npos) << error();
    write_file(in_pack(kIndexFile), whole);
    write_file(in_pack(kModelFile), model);
    replace_in(in_pack(kIndexFile), "\"name\": \"relu\"", "\"name\": \"conv\"");
    EXPECT_NE(error(), "no error");
}

void flip_byte(const std::string& path, std::int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
}

void replace_by_a_copy(const std::string& path) {
    const std::string copy = path + ".copy";
    fs::copy_file(path, copy);
    fs::rename(copy, path);
}

class VerifiedPack : public UntrustedPack {
  protected:
    Verified verified() const { return verify_once(Pack(pack_), memory_); }
    // Until the file's times lie far enough back to be believed.
    void verify_until_noted() {
        while (verified() == Verified::now) {
        }
    }
    std::string memory_ = folder_.file("cache/verified");
};

TEST_F(VerifiedPack, IsReadOnce) {
    EXPECT_EQ(verified(), Verified::now);
    EXPECT_EQ(verified(), Verified::now);  // it was written in this very moment
    verify_until_noted();
    EXPECT_EQ(verified(), Verified::before);
    EXPECT_EQ(verify_once(Pack(pack_), ""), Verified::now);
}

TEST_F(VerifiedPack, IsReadAgainWhenItMayHaveChanged) {
    verify_until_noted();
    flip_byte(in_pack(kParametersFile), 5000);
    EXPECT_NE(said_by<StorageError>([&] { verified(); }).find("layer \"fc\""), std::string::npos);
    flip_byte(in_pack(kParametersFile), 5000);
    EXPECT_EQ(verified(), Verified::now);
    verify_until_noted();
    replace_by_a_copy(in_pack(kParametersFile));
    EXPECT_EQ(verified(), Verified::now);
}

TEST_F(VerifiedPack, IsReadAgainForOtherChecksums) {
    verify_until_noted();
    const std::string whole = read_file(in_pack(kIndexFile));
    const std::size_t at = whole.find("\"crc32\": ") + 9;
    std::string other = whole;
    other[at] = other[at] == '1' ? '2' : '1';
    write_file(in_pack(kIndexFile), other);
    EXPECT_NE(said_by<StorageError>([&] { verified(); }).find("expected CRC-32"),
              std::string::npos);
}

TEST_F(VerifiedPack, WithoutAPlaceForNotesIsReadEachTime) {
    write_file(folder_.file("cache"), "a file, no folder");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(verified(), Verified::now);
}

}  // namespace
}  // namespace swaplab
