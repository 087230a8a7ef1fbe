#include "tests/ladder/book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace swaplab::ladder {
namespace {

namespace fs = std::filesystem;

using Findings = std::vector<std::string>;

// A page with three headings, and one file that cites it.
const SourceFile kPage{"policies/SEMANTICS.md",
                       "# Semantics\n\n## Swap paths\n\nText.\n\n### Memory\n```\n# Code\n```\n"};

Findings check(const std::string& path, const std::string& text) {
    const std::vector<SourceFile> files{kPage, {path, text}};
    return wrong_citations(files);
}

Findings check_paths(const std::string& path, const std::string& text) {
    const std::set<std::string> there{"policies/port/device.h", "policies/port/", "hw/HARDWARE.md",
                                      "tests/bench/peers.py", "README.md"};
    const std::vector<SourceFile> files{{path, text}};
    return wrong_paths(files, [&there](const std::string& p) { return there.contains(p); });
}

// --- This repository ----------------------------------------------------------------------------

bool is_read_by_people(const fs::path& path) {
    constexpr std::array<std::string_view, 11> endings{
        ".h", ".cpp", ".cu", ".md", ".py", ".sh", ".txt", ".cmake", ".yaml", ".yml", ".ipynb"};
    const std::string ending = path.extension().string();
    return std::ranges::find(endings, ending) != endings.end() || path.filename() == "run";
}

// This file plants wrong citations.
bool plants_errors(const std::string& path) { return path == "tests/ladder/book_test.cpp"; }

void add_file(const fs::path& root, const fs::path& path, std::vector<SourceFile>& files) {
    const std::string name = path.lexically_relative(root).generic_string();
    if (!fs::is_regular_file(path) || !is_read_by_people(path) || plants_errors(name)) return;
    std::ifstream stream(path);
    files.push_back({name, {std::istreambuf_iterator<char>(stream), {}}});
}

std::vector<SourceFile> files_of_this_repository() {
    const fs::path root = SWAPLAB_SOURCE_DIR;
    std::vector<SourceFile> files;
    for (const auto& entry : fs::directory_iterator(root)) add_file(root, entry.path(), files);
    for (const char* folder : {"profiles", "policies", "sim", "emu", "hw", "experiments", "tests",
                               "notebooks", ".github", ".ci"}) {
        if (!fs::exists(root / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / folder))
            add_file(root, entry.path(), files);
    }
    return files;
}

TEST(Book, EveryCitationOfThisRepositoryHolds) {
    const std::vector<SourceFile> files = files_of_this_repository();
    EXPECT_GT(files.size(), 300U);
    for (const std::string& wrong : wrong_citations(files)) ADD_FAILURE() << wrong;
}

TEST(Book, EveryPathThatThisRepositoryNamesExists) {
    const fs::path root = SWAPLAB_SOURCE_DIR;
    const Exists exists = [&root](const std::string& path) {
        return path.ends_with('/') ? fs::is_directory(root / path) : fs::exists(root / path);
    };
    for (const std::string& wrong : wrong_paths(files_of_this_repository(), exists))
        ADD_FAILURE() << wrong;
}

// --- Citations ----------------------------------------------------------------------------------

TEST(Book, HeadingsOfAnyLevelMayBeCited) {
    EXPECT_EQ(headings_of(kPage), (Findings{"Semantics", "Swap paths", "Memory"}));
    EXPECT_TRUE(check("sim/a.h", "// Rings (SEMANTICS: Memory).\n").empty());
    EXPECT_TRUE(check("sim/a.h", "int x;  // SEMANTICS: Swap paths\nint y;\n").empty());
    EXPECT_TRUE(check("sim/a.h", "// (SEMANTICS: Swap paths; SEMANTICS: Memory).\n").empty());
    EXPECT_TRUE(check("sim/a.h", "// The page SEMANTICS says it.\n").empty());
}

TEST(Book, AHeadingThatIsNotThereIsFound) {
    EXPECT_EQ(check("sim/a.h", "#pragma once\n// (SEMANTICS: Code)\n"),
              Findings{"sim/a.h:2: policies/SEMANTICS.md has no heading 'Code)'"});
    EXPECT_EQ(check("sim/a.h", "// SEMANTICS: Memory kinds.\n").size(), 1U);
    EXPECT_EQ(check("sim/a.h", "// SEMANTICS: memory.\n").size(), 1U);
    EXPECT_EQ(check("sim/a.h", "// (SEMANTICS: Memory; SEMANTICS: Lanes)\n").size(), 1U);
    EXPECT_EQ(check("hw/a.cpp", "/* all of it:\n   SEMANTICS: Lanes */\n"),
              Findings{"hw/a.cpp:2: policies/SEMANTICS.md has no heading 'Lanes'"});
}

TEST(Book, APageThatIsNotThereIsFound) {
    EXPECT_EQ(check("sim/a.h", "// (FORMATS: Model file)\n"),
              Findings{"sim/a.h:1: there is no page profiles/FORMATS.md"});
}

TEST(Book, ACitationMayBeSplitOverLines) {
    EXPECT_TRUE(check("sim/a.h", "// As elsewhere (SEMANTICS: Swap\n// paths).\n").empty());
    EXPECT_TRUE(check("sim/a.h", "    // (SEMANTICS:\n    // Memory).\nint x;\n").empty());
    EXPECT_TRUE(check("sim/a.cpp", "f(\"(SEMANTICS: Swap \"\n  \"paths)\");\n").empty());
    EXPECT_TRUE(check("sim/a.h", "int x;  // SEMANTICS: Memory\nint y;  // more\n").empty());
    EXPECT_TRUE(check("sim/a.h", "int x;  // SEMANTICS: Swap\n        // paths\n").empty());
    EXPECT_TRUE(check("tests/a.py", "# (SEMANTICS: Swap\n# paths)\n").empty());
    EXPECT_TRUE(check("tests/a.py", "x = 1  # SEMANTICS: Memory\ny = 2\n").empty());
    EXPECT_TRUE(check("sim/README.md", "- An item (SEMANTICS: Swap\n  paths).\n").empty());
    EXPECT_EQ(check("sim/a.h", "// one\n// (SEMANTICS: Swap\n// roads)\n"),
              Findings{"sim/a.h:2: policies/SEMANTICS.md has no heading 'Swap roads)'"});
    EXPECT_EQ(check("sim/a.h", "// SEMANTICS: Swap\n\n// paths\n").size(), 1U);
}

TEST(Book, MessagesScriptsAndPagesCiteToo) {
    EXPECT_EQ(check("sim/a.cpp", "f(\"see SEMANTICS: Lanes\");\n").size(), 1U);
    EXPECT_EQ(check("sim/a.cpp", "auto s = R\"(see\nSEMANTICS: Lanes)\";\n").size(), 1U);
    EXPECT_EQ(check("tests/a.sh", "# SEMANTICS: Lanes\n").size(), 1U);
    EXPECT_EQ(check("tests/a.py", "\"\"\"A script.\n\nSEMANTICS: Lanes.\n\"\"\"\n").size(), 1U);
    EXPECT_EQ(check("hw/README.md", "| table | SEMANTICS: Lanes |\n").size(), 1U);
    EXPECT_TRUE(check("hw/README.md", "| table | SEMANTICS: Memory |\n").empty());
    EXPECT_TRUE(check("hw/README.md", "Cite `SEMANTICS: <heading>`.\n").empty());
}

TEST(Book, CodeIsReadAsCode) {
    EXPECT_TRUE(check("sim/a.cpp", "const int n = 1'000;  // SEMANTICS: Memory\n").empty());
    EXPECT_EQ(check("sim/a.cpp", "char c = '\"';  // SEMANTICS: Lanes\n").size(), 1U);
    EXPECT_EQ(check("sim/a.cpp", "f(\"\\\"\");  // SEMANTICS: Lanes").size(), 1U);
    EXPECT_EQ(check("sim/a.cpp", "f(\"// x\");\n// SEMANTICS: Lanes\n"),
              Findings{"sim/a.cpp:2: policies/SEMANTICS.md has no heading 'Lanes'"});
}

TEST(Book, TheOldSpecificationIsNotCitedAnyMore) {
    EXPECT_EQ(check("sim/a.h", "// As 3-semantics says (Memory).\n"),
              Findings{"sim/a.h:1: cites 3-semantics, which is no page of this repository"});
    EXPECT_EQ(check("tests/a.py", "x = 1\n# see 7-targets\n").size(), 1U);
    EXPECT_EQ(check("README.md", "See 4-systems.md.\n").size(), 1U);
    EXPECT_TRUE(check("sim/a.h", "// multi-systems, 2-semanticsish\n").empty());
}

// --- Paths --------------------------------------------------------------------------------------

TEST(Book, PathsThatDoNotExistAreFound) {
    EXPECT_TRUE(check_paths("sim/a.h", "// See policies/port/device.h.\n").empty());
    EXPECT_TRUE(check_paths("sim/README.md", "`policies/port/` and `hw/HARDWARE.md`\n").empty());
    EXPECT_EQ(check_paths("sim/a.h", "// See\n// policies/device.h.\n"),
              Findings{"sim/a.h:2: policies/device.h does not exist"});
    EXPECT_EQ(check_paths("hw/README.md", "`policies/runtime/`\n").size(), 1U);
    EXPECT_EQ(check_paths("sim/a.cpp", "f(\"edit policies/list.cpp\");\n").size(), 1U);
    EXPECT_EQ(check_paths("tests/a.sh", "echo x  # tests/bench/peers.pl\n").size(), 1U);
}

TEST(Book, PatternsPlaceholdersAndOtherPathsAreLeftAlone) {
    EXPECT_TRUE(check_paths("sim/README.md", "`tests/*_test.cpp`, `profiles/<x>.json`\n").empty());
    EXPECT_TRUE(check_paths("sim/README.md", "`profiles/devices/NAME.json`\n").empty());
    EXPECT_TRUE(check_paths("sim/README.md", "`build/release/tests/all`, x.org/sim/a\n").empty());
    EXPECT_TRUE(check_paths("sim/a.cpp", "#include \"policies/none.h\"\n").empty());
    EXPECT_TRUE(check_paths("tests/sim/a.cpp", "check(\"policies/none.h\");\n").empty());
    EXPECT_TRUE(check_paths("CHANGELOG.md", "- `policies/none.h` is gone.\n").empty());
    EXPECT_TRUE(check_paths("tests/CMakeLists.txt", "add(hw/beside_it.cpp)\n").empty());
}

TEST(Book, LinksOfPagesLeadSomewhere) {
    EXPECT_TRUE(check_paths("hw/README.md", "[a](HARDWARE.md#cuda), [b](../README.md)\n").empty());
    EXPECT_TRUE(check_paths("README.md", "![a picture\n](hw/HARDWARE.md)\n").empty());
    EXPECT_TRUE(check_paths("README.md", "[a](https://x.org/y.md) [b](#here)\n").empty());
    EXPECT_EQ(check_paths("hw/README.md", "One.\n\n[a](README.md)\n"),
              Findings{"hw/README.md:3: the link README.md leads nowhere"});
}

}  // namespace
}  // namespace swaplab::ladder
