#include "profiles/cost/extrapolation.h"

#include <gtest/gtest.h>

namespace swaplab {
namespace {

// Three layers a, b, c of 10, 20 and 40 FLOPs and 100, 0 and 300 parameter bytes.
Model three() {
    ModelSpec spec;
    spec.name = "net";
    spec.layers.resize(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        spec.layers[i].name = std::string(1, static_cast<char>('a' + i));
        spec.layers[i].op = i == 2 ? OpClass::linear : OpClass::other;
        spec.layers[i].inputs = {i == 0 ? Source{} : Source{LayerId{i - 1}}};
        spec.layers[i].other_ops = 10 << i;
        spec.layers[i].parameter_bytes = {i == 1 ? 0 : 100 * (static_cast<std::int64_t>(i) + 1)};
    }
    return Model(spec);
}

Platform board() {
    Platform platform;
    platform.name = "board";
    platform.nodes.resize(1);
    platform.nodes[0].execute.by_op[static_cast<std::size_t>(OpClass::linear)].emplace();
    return platform;
}

std::vector<std::string> named(const std::vector<Extrapolation>& found) {
    std::vector<std::string> names;
    for (const Extrapolation& each : found)
        names.push_back(std::to_string(each.block) + " " + each.of + " " + each.feature);
    return names;
}

constexpr UnitRange kBlocks[] = {{0, 1}, {1, 2}, {2, 3}};
using Names = std::vector<std::string>;

TEST(Extrapolation, ADeviceWithoutAHullHasNone) {
    Platform platform = board();
    platform.provenance.fit["read"].samples = 3;
    EXPECT_TRUE(extrapolated(three(), platform, kBlocks).empty());
}

TEST(Extrapolation, BlocksOutsideAreNamed) {
    Platform platform = board();
    platform.provenance.fit["read"].hull["parameter_bytes"] = {150, 250};
    platform.provenance.fit["execute.linear"].hull["flops"] = {0, 40};
    // b has no parameters: nothing is read. a lies below, c above; c's FLOPs are just inside.
    const auto found = extrapolated(three(), platform, kBlocks);
    EXPECT_EQ(named(found), (Names{"0 read parameter_bytes", "2 read parameter_bytes"}));
    EXPECT_EQ(found[1].value, 300);
    EXPECT_EQ(found[1].measured, (Hull{150, 250}));
}

// Below its first point a table has what that says, beyond its last it goes on as it ended.
TEST(Extrapolation, ATableOfReadsEndsAtItsLastPoint) {
    Platform platform = board();
    platform.nodes[0].read.table = {{Bytes{150}, 10}, {Bytes{250}, 20}};
    EXPECT_TRUE(tells_what_was_measured(platform));
    const auto found = extrapolated(three(), platform, kBlocks);  // a reads 100, c 300
    EXPECT_EQ(named(found), (Names{"2 read.table parameter_bytes"}));
    EXPECT_EQ(found[0].value, 300);
    EXPECT_EQ(found[0].measured, (Hull{150, 250}));
    platform.nodes[0].read.table.back().bytes = Bytes{300};
    EXPECT_TRUE(extrapolated(three(), platform, kBlocks).empty());
}

// c holds 300 bytes, of which 120 are stored: those are read, and 300 are copied.
TEST(Extrapolation, AReadIsOfWhatIsStored) {
    ModelSpec spec = three().spec();
    spec.layers[2].stored_bytes = Bytes{120};
    Platform platform = board();
    for (const char* line : {"read", "copy"})
        platform.provenance.fit[line].hull["parameter_bytes"] = {100, 250};
    const auto found = extrapolated(Model(spec), platform, kBlocks);
    EXPECT_EQ(named(found), Names{"2 copy parameter_bytes"});
}

TEST(Extrapolation, ExecutionIsLookedAtByLayer) {
    Platform platform = board();
    platform.provenance.fit["execute.*"].hull["flops"] = {12, 15};
    const UnitRange whole[] = {{0, 3}};
    const auto found = extrapolated(three(), platform, whole);
    EXPECT_EQ(named(found), Names{"0 execute.* flops"});
    EXPECT_EQ(found[0].value, 20);  // farther outside than 10; linear has a row of its own
}

TEST(Extrapolation, ARestFittedOnBlocksIsAboutBlocks) {
    Platform platform = board();
    platform.provenance.fit["execute.*"].hull = {{"flops", {25, 35}}, {"layers", {1, 4}}};
    const UnitRange together[] = {{0, 2}, {2, 3}};
    EXPECT_TRUE(extrapolated(three(), platform, together).empty());  // 10 + 20
    EXPECT_EQ(named(extrapolated(three(), platform, kBlocks)),
              (Names{"0 execute.* flops", "1 execute.* flops"}));
}

TEST(Extrapolation, TheTableOfTheModeIsTheOneAsked) {
    Platform platform = board();
    Mode mode;
    mode.name = "15W";
    mode.execute.emplace();
    platform.nodes[0].modes.push_back(mode);
    platform.provenance.fit["modes.15W.execute.*"].hull["flops"] = {0, 30};
    EXPECT_TRUE(extrapolated(three(), platform, kBlocks).empty());
    platform.mode = "15W";
    EXPECT_EQ(named(extrapolated(three(), platform, kBlocks)),
              Names{"2 modes.15W.execute.* flops"});
}

}  // namespace
}  // namespace swaplab
