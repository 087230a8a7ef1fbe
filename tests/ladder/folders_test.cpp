#include "tests/ladder/folders.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace swaplab::ladder {
namespace {

std::vector<std::string> files_in(const std::string& folder, std::size_t count) {
    std::vector<std::string> files;
    for (std::size_t i = 0; i < count; ++i) files.push_back(folder + std::to_string(i) + ".h");
    return files;
}

SourceFile including(const std::string& path, const std::string& target) {
    return {path, "#include \"" + target + "\"\n"};
}

TEST(Folders, OfThisRepositoryAreSmall) {
    const std::vector<std::string> files = paths_of_the_layers();
    EXPECT_GT(files.size(), 100U);
    for (const std::string& folder : crowded_folders(files)) ADD_FAILURE() << folder;
}

TEST(Folders, OfThisRepositoryDoNotIncludeEachOther) {
    const std::vector<SourceFile> files = sources_of_the_layers();
    EXPECT_GT(files.size(), 100U);
    for (const std::string& pair : mutual_folders(files)) ADD_FAILURE() << pair;
}

TEST(Folders, OneFileMoreIsTooMuch) {
    EXPECT_TRUE(crowded_folders(files_in("policies/port/", kMostFiles)).empty());
    EXPECT_EQ(crowded_folders(files_in("policies/port/", kMostFiles + 1)),
              std::vector<std::string>{"policies/port/: 26 files"});
}

TEST(Folders, FilesOfEveryKindCountButNotThoseInFoldersInside) {
    std::vector<std::string> files = files_in("hw/storage/", kMostFiles);
    files.emplace_back("hw/storage/inside/a.h");
    EXPECT_TRUE(crowded_folders(files).empty());
    files.emplace_back("hw/storage/notes.md");
    EXPECT_EQ(crowded_folders(files).size(), 1U);
}

TEST(Folders, TwoThatIncludeEachOtherAreFound) {
    const std::vector<SourceFile> files{including("emu/memory/a.h", "emu/pressure/b.h"),
                                        including("emu/pressure/c.cpp", "emu/memory/d.h")};
    EXPECT_EQ(mutual_folders(files),
              std::vector<std::string>{
                  "emu/memory/ and emu/pressure/ include each other: emu/memory/a.h includes "
                  "emu/pressure/b.h, emu/pressure/c.cpp includes emu/memory/d.h"});
}

TEST(Folders, AFolderAndTheOneAroundItCountToo) {
    const std::vector<SourceFile> files{including("policies/registry.cpp", "policies/plan/a.h"),
                                        including("policies/plan/b.cpp", "policies/registry.h")};
    EXPECT_EQ(mutual_folders(files).size(), 1U);
}

TEST(Folders, AreComparedWithAllThatIsInThem) {
    const std::vector<SourceFile> files{
        including("policies/plan/allocators/a.cpp", "policies/run/b.h"),
        including("policies/run/c.cpp", "policies/plan/d.h")};
    EXPECT_EQ(mutual_folders(files).size(), 1U);
}

TEST(Folders, OneDirectionOrOneFolderIsFine) {
    const std::vector<SourceFile> files{
        including("policies/plan/a.cpp", "policies/port/b.h"),
        including("policies/plan/allocators/c.cpp", "policies/plan/d.h"),
        including("policies/plan/e.cpp", "policies/plan/a.h"),
        including("policies/port/f.cpp", "profiles/base/g.h"),
    };
    EXPECT_TRUE(mutual_folders(files).empty());
}

}  // namespace
}  // namespace swaplab::ladder
