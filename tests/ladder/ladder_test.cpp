#include "tests/ladder/ladder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace swaplab::ladder {
namespace {

std::vector<std::string> check(const std::string& path, const std::string& text) {
    const std::vector<SourceFile> files{{path, text}};
    return violations(files);
}

std::string include(const std::string& target) { return "#include \"" + target + "\"\n"; }
std::string include_library(const std::string& target) { return "#include <" + target + ">\n"; }

// The repository's own sources.
std::vector<SourceFile> sources_of_this_repository() {
    namespace fs = std::filesystem;
    const fs::path root = SWAPLAB_SOURCE_DIR;
    std::vector<SourceFile> files;
    for (const char* folder : {"profiles", "policies", "sim", "emu", "hw", "experiments"}) {
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const std::string extension = entry.path().extension().string();
            if (extension != ".h" && extension != ".cpp" && extension != ".cu") continue;
            std::ifstream stream(entry.path());
            files.push_back({entry.path().lexically_relative(root).generic_string(),
                             {std::istreambuf_iterator<char>(stream), {}}});
        }
    }
    return files;
}

TEST(Ladder, ThisRepositoryHolds) {
    const std::vector<SourceFile> files = sources_of_this_repository();
    EXPECT_FALSE(files.empty());
    for (const std::string& violation : violations(files)) ADD_FAILURE() << violation;
}

TEST(Ladder, DownwardArrowsAreAllowed) {
    EXPECT_TRUE(check("profiles/cost.cpp", include("profiles/cost.h")).empty());
    EXPECT_TRUE(check("policies/block.h", include("profiles/model.h")).empty());
    EXPECT_TRUE(check("sim/device.cpp", include("policies/device.h")).empty());
    EXPECT_TRUE(check("sim/device.cpp", include("profiles/time.h")).empty());
    EXPECT_TRUE(check("hw/cuda/arena.cpp", include("policies/device.h")).empty());
    for (const char* layer : {"profiles", "policies", "sim", "emu", "hw", "experiments"}) {
        const std::string target = std::string(layer) + "/x.h";
        EXPECT_TRUE(check("experiments/main.cpp", include(target)).empty()) << target;
        EXPECT_TRUE(check(std::string(layer) + "/y.cpp", include(target)).empty()) << target;
    }
}

TEST(Ladder, UpwardArrowsFail) {
    EXPECT_EQ(check("profiles/cost.h", include("policies/block.h")).size(), 1U);
    EXPECT_EQ(check("policies/runner.cpp", include("sim/device.h")).size(), 1U);
    EXPECT_EQ(check("policies/runner.cpp", include("experiments/cli.h")).size(), 1U);
    EXPECT_EQ(check("hw/device.cpp", include("experiments/cli.h")).size(), 1U);
    EXPECT_EQ(check("experiments/cli.cpp", include("tests/support/models.h")).size(), 1U);
}

TEST(Ladder, SidewaysArrowsFailButForOne) {
    EXPECT_EQ(check("sim/device.cpp", include("emu/device.h")).size(), 1U);
    EXPECT_EQ(check("sim/device.cpp", include("hw/storage/pack.h")).size(), 1U);
    EXPECT_EQ(check("hw/device.cpp", include("sim/engine.h")).size(), 1U);
    EXPECT_EQ(check("emu/device.cpp", include("hw/device.h")).size(), 1U);
    EXPECT_TRUE(check("emu/device.cpp", include("hw/storage/pack.h")).empty());
}

TEST(Ladder, ALayerInAngleBracketsIsStillALayer) {
    EXPECT_EQ(check("policies/runner.cpp", include_library("sim/device.h")).size(), 1U);
    EXPECT_TRUE(check("policies/runner.cpp", include_library("profiles/model.h")).empty());
}

TEST(Ladder, PathsAreWrittenFromTheRoot) {
    EXPECT_EQ(check("profiles/cost.cpp", include("cost.h")).size(), 1U);
    EXPECT_EQ(check("policies/a.cpp", include("../sim/device.h")).size(), 1U);
    EXPECT_EQ(check("policies/a.cpp", include("policies/../sim/device.h")).size(), 1U);
}

TEST(Ladder, ALibraryOutsideItsFolderFails) {
    for (const char* header : {"boost/graph/adjacency_list.hpp", "Eigen/Dense",
                               "rapidjson/document.h", "yaml-cpp/yaml.h", "xxhash.h"}) {
        EXPECT_TRUE(check("profiles/a.cpp", include_library(header)).empty()) << header;
        EXPECT_EQ(check("policies/a.cpp", include_library(header)).size(), 1U) << header;
        EXPECT_EQ(check("experiments/a.cpp", include(header)).size(), 1U) << header;
    }
    for (const char* header : {"cuda_runtime.h", "cuda_runtime_api.h", "cuda.h"}) {
        EXPECT_TRUE(check("hw/a.cpp", include_library(header)).empty()) << header;
        EXPECT_EQ(check("emu/a.cpp", include_library(header)).size(), 1U) << header;
    }
    for (const char* header : {"liburing.h", "zlib.h"}) {
        EXPECT_TRUE(check("hw/storage/a.cpp", include_library(header)).empty()) << header;
        for (const char* elsewhere : {"hw/a.cpp", "hw/torch/a.cpp", "emu/a.cpp", "profiles/a.cpp"})
            EXPECT_EQ(check(elsewhere, include_library(header)).size(), 1U) << header;
    }
    for (const char* header : {"torch/script.h", "ATen/ATen.h", "c10/core/Allocator.h"}) {
        EXPECT_TRUE(check("hw/torch/a.cpp", include_library(header)).empty()) << header;
        for (const char* elsewhere : {"hw/a.cpp", "hw/storage/a.cpp", "experiments/a.cpp"})
            EXPECT_EQ(check(elsewhere, include_library(header)).size(), 1U) << header;
    }
    for (const char* header : {"CLI/CLI.hpp", "CLI11.hpp", "sqlite3.h"}) {
        EXPECT_TRUE(check("experiments/a.cpp", include_library(header)).empty()) << header;
        EXPECT_EQ(check("sim/a.cpp", include_library(header)).size(), 1U) << header;
    }
}

TEST(Ladder, FmtIsNamedInOneHeader) {
    EXPECT_TRUE(check("profiles/text.h", include_library("fmt/format.h")).empty());
    EXPECT_EQ(check("profiles/cost.cpp", include_library("fmt/format.h")).size(), 1U);
    EXPECT_EQ(check("experiments/report.cpp", include_library("fmt/core.h")).size(), 1U);
}

TEST(Ladder, HeavyHeadersStayInSources) {
    EXPECT_EQ(check("profiles/model.h", include_library("boost/graph/adjacency_list.hpp")).size(),
              1U);
    EXPECT_EQ(check("profiles/fit.h", include_library("Eigen/Dense")).size(), 1U);
    EXPECT_EQ(check("profiles/document.h", include_library("rapidjson/document.h")).size(), 1U);
    EXPECT_EQ(check("profiles/document.h", include_library("yaml-cpp/yaml.h")).size(), 1U);
    EXPECT_TRUE(check("profiles/document.cpp", include_library("yaml-cpp/yaml.h")).empty());
}

TEST(Ladder, LinesAreReadAsThePreprocessorReadsThem) {
    EXPECT_EQ(check("profiles/a.h", "  #  include\t\"sim/engine.h\"  // why\n").size(), 1U);
    EXPECT_EQ(check("profiles/a.h", "#include\"sim/engine.h\"\r\n").size(), 1U);
    EXPECT_TRUE(check("profiles/a.h", "// #include \"sim/engine.h\"\n").empty());
    EXPECT_TRUE(check("profiles/a.h", "#include <vector>\n#include <sys/stat.h>\n").empty());
    EXPECT_TRUE(check("profiles/a.h", "").empty());
}

TEST(Ladder, AViolationNamesFileAndLine) {
    EXPECT_EQ(check("policies/a.cpp", "#include <vector>\n\n" + include("sim/engine.h")),
              std::vector<std::string>{"policies/a.cpp:3: sim/engine.h is not below policies/"});
}

// Two types of one name in one namespace are one type to the linker, which takes the members of
// either for both. Those of headers are in `swaplab`, unless they are nested (and indented).
TEST(Ladder, NoTwoHeadersDefineTheSameType) {
    const std::regex definition(
        "(?:class|struct|enum class) ([A-Za-z0-9]+)(?: final)?(?: :.*)? \\{.*");
    std::map<std::string, std::string> defined;
    for (const SourceFile& file : sources_of_this_repository()) {
        if (!file.path.ends_with(".h")) continue;
        std::istringstream lines(file.text);
        std::smatch match;
        for (std::string line; std::getline(lines, line);) {
            if (!std::regex_match(line, match, definition)) continue;
            const auto [first, added] = defined.emplace(match[1].str(), file.path);
            EXPECT_TRUE(added) << match[1] << " in " << first->second << " and in " << file.path;
        }
    }
    EXPECT_GT(defined.size(), 100U);
}

TEST(Ladder, OtherFoldersAreNotLookedAt) {
    EXPECT_TRUE(check("tests/sim/a.cpp", include("sim/engine.h")).empty());
}

}  // namespace
}  // namespace swaplab::ladder
