// One small run per pipeline, with all span times worked out by hand.
//
// Three layers: A (4 bytes), B (no parameters), C (2 bytes).
//            read  copy  instantiate  assemble  execute  release
//        A    40    20        4           3        30        2
//        B     -     -        -           -        10        -
//        C    20    10        2           3        50        2
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

ModelPtr abc() {
    ModelSpec spec;
    spec.name = "abc";
    const std::array<std::int64_t, 3> bytes{4, 0, 2}, flops{30, 10, 50};
    for (std::uint32_t i = 0; i < 3; ++i) {
        Layer layer;
        layer.name = std::string(1, static_cast<char>('A' + i));
        if (i > 0) layer.inputs = {LayerId{i - 1}};
        layer.parameter_bytes = {bytes[i]};
        layer.parameter_tensors = bytes[i] > 0 ? 1 : 0;
        layer.other_ops = flops[i];
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

Platform platform_of(ComputeKind compute, double release = 2) {
    Platform platform;
    platform.name = "golden";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.compute = compute;
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 10;
    node.cost(Activity::copy).per_byte = 5;
    node.cost(Activity::instantiate).per_byte = 1;
    node.cost(Activity::assemble).per_tensor = 3;
    node.execute.other.per_flop = 1;
    node.cost(Activity::release).per_tensor = release;
    return platform;
}

Simulation run(const char* policy, ArrivalMode mode = ArrivalMode::cold, std::int64_t requests = 1,
               double release = 2) {
    Options options;
    options.budget = Bytes{1000};
    options.account = Account::parameters;
    options.mode = mode;
    options.requests = requests;
    return simulate(platform_of(ComputeKind::gpu, release), abc(), policy, options);
}

// "read A 0-40", by submission; a block is named by its layers.
std::vector<std::string> lines(const Simulation& simulation) {
    std::vector<std::string> all;
    for (const Completion& span : simulation.record.by_ticket()) {
        const UnitRange units = simulation.result.jobs[0].blocks[span.command.block.index].units;
        std::string name;
        for (std::uint32_t i = units.first; i < units.last; ++i) name += static_cast<char>('A' + i);
        all.push_back(text("{} {} {}-{}", name_of(span.command.verb), name, count_ns(span.start),
                           count_ns(span.end)));
    }
    std::ranges::sort(all);
    return all;
}

void expect_spans(const Simulation& simulation, std::vector<std::string> expected,
                  std::int64_t makespan) {
    ASSERT_EQ(simulation.result.verdict, Verdict::ok) << simulation.result.reason;
    std::ranges::sort(expected);
    EXPECT_EQ(lines(simulation), expected);
    EXPECT_EQ(count_ns(simulation.result.makespan), makespan);
}

// All others are 0.
void expect_stalls(const Simulation& simulation, std::map<StallReason, std::int64_t> expected) {
    for (const StallReason reason : kAllStallReasons)
        EXPECT_EQ(count_ns(simulation.result.stalls[reason]), expected[reason]) << name_of(reason);
}

TEST(Golden, OnDemand) {
    const auto actual = run("on-demand");
    expect_spans(
        actual,
        {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75", "execute B 75-85",
         "read C 85-105", "assemble C 105-108", "execute C 108-158", "release C 158-160"},
        158);
    EXPECT_EQ(actual.result.memory.peak, Bytes{4});
    // Without the release of A everything behind it is 2 earlier; without reads it takes 96,
    // without assemblies 90.
    expect_stalls(actual,
                  {{StallReason::memory, 2}, {StallReason::read, 60}, {StallReason::assembly, 6}});
}

TEST(Golden, Sequential) {
    const auto actual = run("demand-layering:pipeline=sequential");
    expect_spans(actual,
                 {"read A 0-40", "copy A 40-60", "assemble A 60-63", "execute A 63-93",
                  "release A 93-95", "execute B 95-105", "read C 105-125", "copy C 125-135",
                  "assemble C 135-138", "execute C 138-188", "release C 188-190"},
                 188);
    EXPECT_EQ(actual.result.memory.peak, Bytes{8});
    EXPECT_EQ(actual.result.memory.arena_bytes, Bytes{8});
}

// A ring of 4 bytes: C does not fit behind A, starts at 0 and waits for the release of A.
TEST(Golden, TwoStageWithTheSmallestRing) {
    const auto actual = run("demand-layering:buffer=min");
    expect_spans(
        actual,
        {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75", "execute B 73-83",
         "read C 75-95", "assemble C 95-98", "execute C 98-148", "release C 148-150"},
        148);
    // With room for both: read C 40-60, execute A 43-73, B -83, C -133. Without reads: assemble A
    // 0-3, C 3-6, execute A 3-33, B -43, C -93.
    expect_stalls(actual,
                  {{StallReason::memory, 15}, {StallReason::read, 40}, {StallReason::assembly, 3}});
    EXPECT_EQ(actual.result.memory.arena_bytes, Bytes{4});
}

// With a release of 20 ns, C waits for space until 93; with room for both nothing changes.
TEST(Golden, TwoStageWaitsForSpace) {
    const auto actual = run("demand-layering:buffer=min", ArrivalMode::cold, 1, 20);
    expect_spans(
        actual,
        {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-93", "execute B 73-83",
         "read C 93-113", "assemble C 113-116", "execute C 116-166", "release C 166-186"},
        166);
    expect_stalls(actual,
                  {{StallReason::memory, 33}, {StallReason::read, 40}, {StallReason::assembly, 3}});
}

// A ring of 6 bytes holds both. Streamed, the second A waits for its own release at 75 and finds
// offset 0 free; the second C (offset 4) for the release of the first at 135.
TEST(Golden, TwoStageStream) {
    expect_spans(run("demand-layering:buffer=6", ArrivalMode::stream, 2),
                 {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75",
                  "execute B 73-83", "read C 40-60", "assemble C 60-63", "execute C 83-133",
                  "release C 133-135", "read A 75-115", "assemble A 115-118", "execute A 133-163",
                  "release A 163-165", "execute B 163-173", "read C 135-155", "assemble C 155-158",
                  "execute C 173-223", "release C 223-225"},
                 223);
}

// Two rings of 4: the host's is free when A is copied (60), the device's when A is released (95).
TEST(Golden, Async) {
    const auto actual = run("demand-layering:pipeline=async,buffer=min");
    expect_spans(actual,
                 {"read A 0-40", "copy A 40-60", "assemble A 60-63", "execute A 63-93",
                  "release A 93-95", "execute B 93-103", "read C 60-80", "copy C 95-105",
                  "assemble C 105-108", "execute C 108-158", "release C 158-160"},
                 158);
    EXPECT_EQ(actual.result.memory.arena_bytes, Bytes{8});
}

// Steps at 0, 40, 63, 95, 108: B takes a step of its own in every stage.
TEST(Golden, Sync) {
    const auto actual = run("demand-layering:pipeline=sync");
    expect_spans(actual,
                 {"read A 0-40", "copy A 40-60", "assemble A 60-63", "read C 63-83",
                  "execute A 63-93", "release A 93-95", "copy C 95-105", "assemble C 105-108",
                  "execute B 95-105", "execute C 108-158", "release C 158-160"},
                 158);
    EXPECT_EQ(actual.result.memory.arena_bytes, Bytes{16});
}

// Page cache, host tensor, device, dummy model: 16 bytes for A; the dummy is part of the assembly.
TEST(Golden, StandardSwapOnAGpu) {
    const auto actual = run("standard-swap:blocks=3");
    expect_spans(
        actual,
        {"read A 0-40", "copy A 40-60", "copy A 60-80", "assemble A 80-87", "execute A 87-117",
         "release A 117-119", "execute B 119-129", "read C 129-149", "copy C 149-159",
         "copy C 159-169", "assemble C 169-174", "execute C 174-224", "release C 224-226"},
        224);
    EXPECT_EQ(actual.result.memory.peak, Bytes{16});
}

TEST(Golden, StandardSwapOnACpu) {
    Options options;
    options.budget = Bytes{1000};
    options.account = Account::parameters;
    const auto actual =
        simulate(platform_of(ComputeKind::cpu), abc(), "standard-swap:blocks=3", options);
    expect_spans(actual,
                 {"read A 0-40", "copy A 40-60", "assemble A 60-67", "execute A 67-97",
                  "release A 97-99", "execute B 99-109", "read C 109-129", "copy C 129-139",
                  "assemble C 139-144", "execute C 144-194", "release C 194-196"},
                 194);
    EXPECT_EQ(actual.result.memory.peak, Bytes{12});
}

// Three blocks, closed form 43 + 30 + (2 + 23) + 50 + 2 = 150: C is read after the release of A.
TEST(Golden, SwapNetWithThreeBlocks) {
    const auto actual = run("swapnet:blocks=3");
    expect_spans(
        actual,
        {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75", "execute B 73-83",
         "read C 75-95", "assemble C 95-98", "execute C 98-148", "release C 148-150"},
        148);
    EXPECT_EQ(actual.result.closed_form, nanoseconds(150));
    EXPECT_EQ(actual.result.memory.peak, Bytes{4});
    EXPECT_EQ(actual.result.memory.arena_bytes, Bytes{4});
}

// The best: A|BC and AB|C both take 43 + 30 + 60 + 2 = 43 + 40 + 50 + 2 = 135, with two blocks and
// six bytes each; the earlier cut. (ABC: 66 + 90 + 4 = 160.)
TEST(Golden, SwapNet) {
    const auto actual = run("swapnet");
    expect_spans(actual,
                 {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75",
                  "read BC 43-63", "assemble BC 63-66", "execute BC 73-133", "release BC 133-135"},
                 133);
    EXPECT_EQ(actual.result.closed_form, nanoseconds(135));
    EXPECT_EQ(actual.result.memory.peak, Bytes{6});
}

// Streamed: A of the second request is read after BC's assembly (66) and A's release (75).
TEST(Golden, SwapNetStream) {
    expect_spans(
        run("swapnet", ArrivalMode::stream, 2),
        {"read A 0-40", "assemble A 40-43", "execute A 43-73", "release A 73-75", "read BC 43-63",
         "assemble BC 63-66", "execute BC 73-133", "release BC 133-135", "read A 75-115",
         "assemble A 115-118", "execute A 133-163", "release A 163-165", "read BC 135-155",
         "assemble BC 155-158", "execute BC 163-223", "release BC 223-225"},
        223);
}

TEST(Golden, LoadAll) {
    expect_spans(
        run("load-all"),
        {"read ABC 0-60", "assemble ABC 60-66", "execute ABC 66-156", "release ABC 156-160"}, 156);
    expect_spans(run("load-all", ArrivalMode::stream, 2),
                 {"read ABC 0-60", "assemble ABC 60-66", "execute ABC 66-156",
                  "execute ABC 156-246", "release ABC 246-250"},
                 246);
}

TEST(Golden, Direct) {
    const auto actual = run("direct");
    expect_spans(actual, {"execute ABC 0-90"}, 90);
    EXPECT_EQ(actual.result.memory.peak, Bytes{12});  // a CPU and a GPU copy
    EXPECT_EQ(actual.result.slowdown(), 1.0);
}

// Vectors (SYSTEMS: Demand Layering): two equal layers, R = K = 10 ms, C = 0: 40 ms with a ring of
// one layer, 30 with two; six of them: two-stage at B = L 120 ms, sync 80 ms.
TEST(Golden, VectorsOfDemandLayering) {
    Platform platform;
    platform.name = "equal";
    platform.nodes.resize(1);
    platform.nodes[0].memory.capacity = {1 << 30};
    platform.nodes[0].read.cost.per_byte = 10;  // 10 ms for a layer of 1 MB
    platform.nodes[0].execute.other.per_layer = 1e7;
    const auto latency = [&](std::size_t layers, const char* spec) {
        ModelSpec model;
        model.name = "equal";
        for (std::uint32_t i = 0; i < layers; ++i) {
            Layer layer;
            layer.name = text("layer{}", i);
            if (i > 0) layer.inputs = {LayerId{i - 1}};
            layer.parameter_bytes = {1000000};
            model.layers.push_back(layer);
        }
        Options options;
        options.budget = Bytes{1 << 30};
        return simulate(platform, std::make_shared<const Model>(model), spec, options)
            .result.latency.mean;
    };
    EXPECT_EQ(latency(2, "demand-layering:buffer=min"), nanoseconds(40'000'000));
    EXPECT_EQ(latency(2, "demand-layering:buffer=2MB"), nanoseconds(30'000'000));
    EXPECT_EQ(latency(6, "demand-layering:buffer=min"), nanoseconds(120'000'000));
    EXPECT_EQ(latency(6, "demand-layering:pipeline=sync"), nanoseconds(80'000'000));
    EXPECT_EQ(latency(6, "demand-layering:pipeline=sequential"), nanoseconds(120'000'000));
    EXPECT_EQ(latency(6, "direct"), nanoseconds(60'000'000));
    // The sweep ends with an overhead below the limit, not at it: 20 ms with one layer, 10 with two
    // (the rings swept are 1 MB and 1 MB + 1 MiB).
    EXPECT_EQ(latency(2, "demand-layering:overhead=20000001ns"), nanoseconds(40'000'000));
    EXPECT_EQ(latency(2, "demand-layering:overhead=20ms"), nanoseconds(30'000'000));
}

// SwapNet's arena has two ends, Demand Layering's pipelines have rings (sync: two slots a side).
TEST(Golden, Arenas) {
    Options options;
    options.budget = Bytes{1000};
    const auto arena = [&](const char* spec) {
        const PlanOutcome outcome =
            testing::plan_of(platform_of(ComputeKind::gpu), abc(), spec, options);
        return std::get<Deployment>(outcome).jobs[{0}];
    };
    EXPECT_EQ(arena("swapnet").at_start().arena.kind, ArenaKind::two_ended);
    EXPECT_EQ(arena("demand-layering").at_start().arena.kind, ArenaKind::ring);
    EXPECT_FALSE(arena("demand-layering").at_start().staging);
    EXPECT_EQ(arena("demand-layering:pipeline=async").at_start().arena.kind, ArenaKind::ring);
    EXPECT_EQ(arena("demand-layering:pipeline=async").at_start().staging.value().kind,
              ArenaKind::ring);
    EXPECT_EQ(arena("demand-layering:pipeline=sync").at_start().arena.slots, 2U);
    EXPECT_EQ(arena("demand-layering:pipeline=sync").at_start().staging.value().slots, 2U);
}

}  // namespace
}  // namespace swaplab
