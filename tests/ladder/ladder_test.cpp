#include "tests/ladder/ladder.h"

#include <gtest/gtest.h>

#include <map>
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

TEST(Ladder, ThisRepositoryHolds) {
    const std::vector<SourceFile> files = sources_of_the_layers();
    EXPECT_FALSE(files.empty());
    for (const std::string& violation : violations(files)) ADD_FAILURE() << violation;
}

TEST(Ladder, TheTableReadsFromTheTop) {
    for (const std::string& row : upward_rows()) ADD_FAILURE() << row;
}

TEST(Ladder, DownwardArrowsAreAllowed) {
    EXPECT_TRUE(check("policies/port/block.h", include("profiles/model/model.h")).empty());
    EXPECT_TRUE(check("sim/device.cpp", include("policies/port/device.h")).empty());
    EXPECT_TRUE(check("sim/device.cpp", include("profiles/base/units.h")).empty());
    EXPECT_TRUE(check("hw/cuda/arena.cpp", include("policies/port/device.h")).empty());
    for (const char* layer : {"profiles", "policies", "sim", "emu", "hw", "experiments/text"}) {
        const std::string target = std::string(layer) + "/x.h";
        EXPECT_TRUE(check("experiments/request/a.cpp", include(target)).empty()) << target;
    }
    for (const char* room : {"request", "output", "shell", "run", "trace", "emulate"}) {
        const std::string target = "experiments/" + std::string(room) + "/x.h";
        EXPECT_TRUE(check("experiments/validate/a.cpp", include(target)).empty()) << target;
    }
    for (const char* room : {"profiles/base", "policies/plan", "sim", "emu/memory", "hw/torch/run",
                             "policies/plan/allocators", "policies/systems/swapnet"}) {
        const std::string path = std::string(room) + "/y.cpp";
        EXPECT_TRUE(check(path, include(std::string(room) + "/x.h")).empty()) << path;
    }
}

TEST(Ladder, UpwardArrowsFail) {
    EXPECT_EQ(check("profiles/cost/cost.h", include("policies/port/block.h")).size(), 1U);
    EXPECT_EQ(check("policies/run/runner.cpp", include("sim/device.h")).size(), 1U);
    EXPECT_EQ(check("policies/run/runner.cpp", include("experiments/cli.h")).size(), 1U);
    EXPECT_EQ(check("hw/device.cpp", include("experiments/cli.h")).size(), 1U);
    EXPECT_EQ(check("experiments/cli.cpp", include("tests/support/models.h")).size(), 1U);
}

TEST(Ladder, SidewaysArrowsFailButForTwoRooms) {
    EXPECT_EQ(check("sim/device.cpp", include("emu/device.h")).size(), 1U);
    EXPECT_EQ(check("sim/device.cpp", include("hw/storage/pack.h")).size(), 1U);
    EXPECT_EQ(check("hw/device.cpp", include("sim/engine.h")).size(), 1U);
    EXPECT_EQ(check("emu/device.cpp", include("hw/device.h")).size(), 1U);
    EXPECT_EQ(check("emu/device.cpp", include("hw/torch/run/program.h")).size(), 1U);
    EXPECT_TRUE(check("emu/device.cpp", include("hw/storage/pack.h")).empty());
    EXPECT_TRUE(check("emu/memory/backing.cpp", include("hw/host/frames.h")).empty());
}

// Inside a layer: each room of policies and what it would like to see above it.
TEST(Ladder, UpwardArrowsBetweenRoomsFail) {
    EXPECT_EQ(check("policies/port/device.h", include("policies/memory/arena.h")).size(), 1U);
    EXPECT_EQ(check("policies/memory/ledger.h", include("policies/lanes/noise.h")).size(), 1U);
    EXPECT_EQ(check("policies/lanes/noise.h", include("policies/memory/arena.h")).size(), 1U);
    EXPECT_EQ(check("policies/plan/planner.h", include("policies/schedule/policy.h")).size(), 1U);
    EXPECT_EQ(check("policies/plan/allocators/a.cpp", include("policies/metrics/result.h")).size(),
              1U);
    EXPECT_EQ(check("policies/schedule/policy.h", include("policies/registry.h")).size(), 1U);
    EXPECT_EQ(check("policies/registry.cpp", include("policies/run/runner.h")).size(), 1U);
    EXPECT_EQ(check("profiles/model/model.h", include("profiles/device/platform.h")).size(), 1U);
    EXPECT_EQ(check("profiles/models/bert.cpp", include("profiles/cost/cost.h")).size(), 1U);
    EXPECT_EQ(check("hw/torch/run/program.h", include("hw/torch/pack/layering.h")).size(), 1U);
    EXPECT_EQ(check("hw/host/frames.h", include("hw/machine.h")).size(), 1U);
    EXPECT_EQ(check("emu/memory/rules.h", include("emu/work.h")).size(), 1U);
}

TEST(Ladder, ExperimentsAreBySubject) {
    for (const char* above : {"shell", "run", "trace", "validate"})
        EXPECT_EQ(check("experiments/request/a.cpp",
                        include("experiments/" + std::string(above) + "/x.h"))
                      .size(),
                  1U)
            << above;
    EXPECT_EQ(check("experiments/run/a.cpp", include("experiments/compare/x.h")).size(), 1U);
    EXPECT_EQ(check("experiments/shell/a.cpp", include("experiments/run/x.h")).size(), 1U);
    EXPECT_EQ(check("experiments/run/a.cpp", include("sim/sim_device.h")).size(), 1U);
    EXPECT_EQ(check("experiments/cli.cpp", include("experiments/run/x.h")).size(), 1U);
    EXPECT_EQ(check("experiments/output/a.cpp", include("experiments/shell/x.h")).size(), 1U);
}

TEST(Ladder, BackendsSeeThreeRoomsOfPolicies) {
    for (const char* backend : {"sim/a.cpp", "emu/a.cpp", "hw/a.cpp"}) {
        for (const char* room : {"port", "memory", "lanes"})
            EXPECT_TRUE(check(backend, include("policies/" + std::string(room) + "/x.h")).empty());
        for (const char* room : {"plan", "schedule", "systems", "run"})
            EXPECT_EQ(check(backend, include("policies/" + std::string(room) + "/x.h")).size(), 1U);
    }
}

TEST(Ladder, SystemsDoNotSeeEachOtherOrTheRun) {
    const std::string path = "policies/systems/swapnet/swapnet.cpp";
    EXPECT_TRUE(check(path, include("policies/schedule/policy.h")).empty());
    EXPECT_TRUE(check(path, include("policies/systems/swapnet/costs.h")).empty());
    EXPECT_EQ(check(path, include("policies/systems/pipeload/delay.h")).size(), 1U);
    EXPECT_EQ(check(path, include("policies/systems/helpers.h")).size(), 1U);
    EXPECT_EQ(check(path, include("policies/run/runner.h")).size(), 1U);
    EXPECT_EQ(check(path, include("policies/registry.h")).size(), 1U);
    EXPECT_EQ(
        check("policies/systems/direct.cpp", include("policies/systems/swapnet/costs.h")).size(),
        1U);
    EXPECT_EQ(check("policies/run/runner.cpp", include("policies/systems/x.h")).size(), 1U);
    EXPECT_TRUE(check("policies/run/runner.cpp", include("policies/registry.h")).empty());
}

TEST(Ladder, AFileInNoRoomIsNamed) {
    EXPECT_EQ(check("profiles/helpers.h", ""),
              std::vector<std::string>{"profiles/helpers.h: stands in no room"});
}

TEST(Ladder, ALayerInAngleBracketsIsStillALayer) {
    EXPECT_EQ(check("policies/run/runner.cpp", include_library("sim/device.h")).size(), 1U);
    EXPECT_TRUE(check("policies/run/a.cpp", include_library("profiles/model/model.h")).empty());
}

TEST(Ladder, PathsAreWrittenFromTheRoot) {
    EXPECT_EQ(check("profiles/cost/cost.cpp", include("cost.h")).size(), 1U);
    EXPECT_EQ(check("policies/a.cpp", include("../sim/device.h")).size(), 1U);
    EXPECT_EQ(check("policies/a.cpp", include("policies/../sim/device.h")).size(), 1U);
}

TEST(Ladder, ALibraryOutsideItsFolderFails) {
    struct Home {
        const char* header;
        const char* folder;
    };
    for (const auto& [header, folder] :
         {Home{"boost/graph/adjacency_list.hpp", "profiles/model/"},
          {"boost/math/distributions/students_t.hpp", "profiles/fit/"},
          {"Eigen/Dense", "profiles/fit/"},
          {"rapidjson/document.h", "profiles/document/"},
          {"yaml-cpp/yaml.h", "profiles/document/"},
          {"xxhash.h", "profiles/base/"},
          {"Random123/philox.h", "policies/lanes/"},
          {"liburing.h", "hw/storage/"},
          {"zlib.h", "hw/storage/"},
          {"torch/script.h", "hw/torch/run/"},
          {"ATen/ATen.h", "hw/torch/pack/"},
          {"c10/core/Allocator.h", "hw/torch/run/"},
          {"CLI/CLI.hpp", "experiments/shell/"},
          {"CLI11.hpp", "experiments/shell/"},
          {"sqlite3.h", "experiments/sweep/"}}) {
        EXPECT_TRUE(check(std::string(folder) + "a.cpp", include_library(header)).empty())
            << header;
        for (const char* elsewhere :
             {"profiles/device/a.cpp", "policies/a.cpp", "sim/a.cpp", "emu/a.cpp", "hw/host/a.cpp"})
            EXPECT_EQ(check(elsewhere, include_library(header)).size(), 1U) << header;
    }
    for (const char* header : {"cuda_runtime.h", "cuda_runtime_api.h", "cuda.h"}) {
        EXPECT_TRUE(check("hw/cuda/plugin/a.cpp", include_library(header)).empty()) << header;
        EXPECT_EQ(check("hw/cuda/a.cpp", include_library(header)).size(), 1U) << header;
        EXPECT_EQ(check("emu/a.cpp", include_library(header)).size(), 1U) << header;
    }
    EXPECT_EQ(check("experiments/a.cpp", include("xxhash.h")).size(), 1U);
}

TEST(Ladder, FmtIsNamedInOneHeader) {
    EXPECT_TRUE(check("profiles/base/text.h", include_library("fmt/format.h")).empty());
    EXPECT_EQ(check("profiles/base/error.cpp", include_library("fmt/format.h")).size(), 1U);
    EXPECT_EQ(check("experiments/report.cpp", include_library("fmt/core.h")).size(), 1U);
}

TEST(Ladder, HeavyHeadersStayInSources) {
    const std::string boost = include_library("boost/graph/adjacency_list.hpp");
    EXPECT_EQ(check("profiles/model/model.h", boost).size(), 1U);
    EXPECT_EQ(check("profiles/fit/fit.h", include_library("Eigen/Dense")).size(), 1U);
    const std::string document = "profiles/document/document.h";
    EXPECT_EQ(check(document, include_library("rapidjson/document.h")).size(), 1U);
    EXPECT_EQ(check(document, include_library("yaml-cpp/yaml.h")).size(), 1U);
    EXPECT_TRUE(check("profiles/document/a.cpp", include_library("yaml-cpp/yaml.h")).empty());
}

TEST(Ladder, LinesAreReadAsThePreprocessorReadsThem) {
    EXPECT_EQ(check("profiles/base/a.h", "  #  include\t\"sim/engine.h\"  // why\n").size(), 1U);
    EXPECT_EQ(check("profiles/base/a.h", "#include\"sim/engine.h\"\r\n").size(), 1U);
    EXPECT_TRUE(check("profiles/base/a.h", "// #include \"sim/engine.h\"\n").empty());
    EXPECT_TRUE(check("profiles/base/a.h", "#include <vector>\n#include <sys/stat.h>\n").empty());
    EXPECT_TRUE(check("profiles/base/a.h", "").empty());
}

TEST(Ladder, AViolationNamesFileAndLine) {
    EXPECT_EQ(check("policies/a.cpp", "#include <vector>\n\n" + include("sim/engine.h")),
              std::vector<std::string>{"policies/a.cpp:3: sim/engine.h is not below policies/"});
}

// Two types of one name in one namespace are one type to the linker, which takes the members of
// either for both. Those of headers are in `swaplab`, unless they are nested (and indented).
TEST(Ladder, NoTwoHeadersDefineTheSameType) {
    const std::string definition =
        "^(?:class|struct|enum class) ([A-Za-z0-9]+)(?: final)?(?: :.*)? \\{";
    std::map<std::string, std::string> defined;
    for (const SourceFile& file : sources_of_the_layers()) {
        if (!file.path.ends_with(".h")) continue;
        for (const std::string& type : matches(file.text, definition)) {
            const auto [first, added] = defined.emplace(type, file.path);
            EXPECT_TRUE(added) << type << " in " << first->second << " and in " << file.path;
        }
    }
    EXPECT_GT(defined.size(), 100U);
}

TEST(Ladder, OtherFoldersAreNotLookedAt) {
    EXPECT_TRUE(check("tests/sim/a.cpp", include("sim/engine.h")).empty());
}

}  // namespace
}  // namespace swaplab::ladder
