// Energy: closed forms, and what must hold between runs.
#include "policies/metrics/energy.h"

#include <gtest/gtest.h>

#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::workload_of;

constexpr double kExecuteW = 16;
const PowerSpec kPower = [] {
    PowerSpec power = testing::idle_and_execute(4, kExecuteW);
    power.read_j_per_byte = 3e-9;
    power.dram_j_per_byte = 6.4e-11;
    return power;
}();

Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.compute = ComputeKind::gpu;
    node.memory.capacity = {std::int64_t{1} << 32};
    node.read.cost.per_byte = 1;
    node.cost(Activity::copy).per_byte = 0.5;
    node.execute.other.per_layer = 3'000'000;
    node.power = kPower;
    node.modes = {{.name = "SLOW", .execute_scale = 2, .power_scale = 0.5},
                  {.name = "FRUGAL", .power_scale = 0.25}};
    return platform;
}

// Two layers of 1 MB and 2 MB.
ModelPtr two_layers() {
    ModelSpec spec;
    spec.name = "two";
    for (const std::int64_t bytes : {1'000'000, 2'000'000}) {
        Layer layer;
        layer.name = text("layer{}", bytes);
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = 1;
        spec.layers.push_back(std::move(layer));
    }
    return std::make_shared<const Model>(std::move(spec));
}

Options plenty() {
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    return options;
}

double energy_of(const Platform& platform, std::string_view policy, Options options = plenty()) {
    return simulate(platform, workload_of({two_layers()}, options), policy, options)
        .result.energy_j.value();
}

// One at a time: T = 1 + 3 + 2 + 3 ms, 6 ms of it executing, 3 MB read:
// 4 W * 9 ms + 16 W * 6 ms + 3e6 B * (3 nJ + 2 * 64 pJ) = 0.036 + 0.096 + 0.009384 J.
TEST(Energy, OnDemand) { EXPECT_NEAR(energy_of(board(), "on-demand"), 0.141384, 1e-12); }

// Everything is in memory: T = 6 ms, nothing is read. 4 W * 6 ms + 16 W * 6 ms.
TEST(Energy, OfDirectIsIdlingAndExecuting) {
    EXPECT_NEAR(energy_of(board(), "direct"), 0.120, 1e-12);
}

// Each copy moves 3 MB through DRAM twice, and lengthens the run by 1.5 ms.
TEST(Energy, CountsEachCopy) {
    Options options = plenty();
    const double none = energy_of(board(), "on-demand", options);
    options.path = SwapPath::staged;
    const double one = energy_of(board(), "on-demand", options);
    const double each = 4 * 0.0015 + 2 * 3e6 * 6.4e-11;
    EXPECT_NEAR(one - none, each, 1e-12);
    options.path = SwapPath::standard;  // two copies on a GPU device
    EXPECT_NEAR(energy_of(board(), "on-demand", options) - none, 2 * each, 1e-12);
}

// The mode scales what activities draw above idle, not idling and not the energies per byte.
TEST(Energy, InAMode) {
    Platform platform = board();
    const double bytes = 3e6 * (3e-9 + 2 * 6.4e-11);
    platform.mode = "FRUGAL";
    EXPECT_NEAR(energy_of(platform, "on-demand"), 4 * 0.009 + 0.25 * 16 * 0.006 + bytes, 1e-12);
    // Execution takes twice as long at half the power: its energy stays, that of idling grows.
    platform.mode = "SLOW";
    EXPECT_NEAR(energy_of(platform, "on-demand"), 4 * 0.015 + 0.5 * 16 * 0.012 + bytes, 1e-12);
}

// A mode's own powers stand for all of the device's.
TEST(Energy, InAModeWithPowersOfItsOwn) {
    Platform platform = board();
    platform.nodes[0].modes[1].power_scale = 1;
    platform.nodes[0].modes[1].power = testing::idle_and_execute(3, 10);
    platform.mode = "FRUGAL";
    EXPECT_NEAR(energy_of(platform, "on-demand"), 3 * 0.009 + 10 * 0.006, 1e-12);
}

// Reads of 1 and 2 ms, copies of 0.5 and 1 ms, an assembly of 1 ms each, 6 ms of execution, one
// after the other.
TEST(Energy, EachKindOfActivityDrawsItsOwn) {
    Platform platform = board();
    Node& node = platform.nodes[0];
    node.cost(Activity::assemble).per_tensor = 1'000'000;
    node.cost(Activity::release).per_tensor = 500'000;  // draws nothing but idling
    node.power = PowerSpec{.idle_w = 1};
    node.power->active_w[index_of(Activity::read)] = 2;
    node.power->active_w[index_of(Activity::copy)] = 3;
    node.power->active_w[index_of(Activity::assemble)] = 5;
    node.power->active_w[index_of(Activity::execute)] = 7;
    Options options = plenty();
    options.path = SwapPath::staged;
    // The release of the first layer lies before the second's read; the last one is not waited for.
    const double makespan = 3 + 1.5 + 2 + 6 + 0.5;
    EXPECT_NEAR(energy_of(platform, "on-demand", options),
                1e-3 * (1 * makespan + 2 * 3 + 3 * 1.5 + 5 * 2 + 7 * 6), 1e-12);
}

// Two reads at once draw twice: each takes as long as alone here.
TEST(Energy, ParallelReadsEachDraw) {
    Platform platform = board();
    Node& node = platform.nodes[0];
    node.read.concurrency = {1, 2};
    node.execute.other.per_layer = 1;
    node.power = PowerSpec{};
    node.power->active_w[index_of(Activity::read)] = 2;
    EXPECT_NEAR(energy_of(platform, "pipeload:agents=2"), 2 * 0.003, 1e-12);
}

TEST(Energy, AbsentWithoutPowerFigures) {
    Platform platform = board();
    platform.nodes[0].power.reset();
    const Options options = plenty();
    EXPECT_EQ(simulate(platform, workload_of({two_layers()}, options), "on-demand", options)
                  .result.energy_j,
              std::nullopt);
    // One node without is enough.
    Platform pair = board();
    pair.nodes.push_back(platform.nodes[0]);
    const ModePeriod whole{kStart, "", IdVector<NodeId, NodeUse>(2)};
    EXPECT_EQ(energy_j(pair, Duration{5}, {&whole, 1}), std::nullopt);
}

// A mode whose power nobody knows makes the whole run's unknown, if it lasted.
TEST(Energy, AbsentInAModeThatNobodyMeasured) {
    Platform platform = board();
    platform.nodes[0].modes[0].power_unknown = true;
    const Options options = plenty();
    const auto joules = [&](std::vector<ModeChange> changes) {
        Workload workload = workload_of({two_layers()}, options);
        workload.mode_changes = std::move(changes);
        return simulate(platform, workload, "on-demand", options).result.energy_j;
    };
    EXPECT_TRUE(joules({}));
    EXPECT_TRUE(joules({{kStart + nanoseconds(1'000'000'000), "SLOW"}}));
    EXPECT_FALSE(joules({{kStart + nanoseconds(1'000'000), "SLOW"}}));
    platform.mode = "SLOW";
    EXPECT_FALSE(joules({}));
}

TEST(Energy, AddsUpOverNodes) {
    Platform pair = board();
    pair.nodes.push_back(board().nodes[0]);
    pair.nodes[1].power->idle_w = 1;
    ModePeriod whole{kStart, "", IdVector<NodeId, NodeUse>(2)};
    whole.use.front().time[index_of(kUse)] = std::chrono::seconds(2);
    whole.use.back().read = {1000};
    whole.use.back().copied = {500};
    // 10 s of idling at 4 W and at 1 W, 2 s of executing at 16 W, and the bytes of the second.
    EXPECT_NEAR(energy_j(pair, std::chrono::seconds(10), {&whole, 1}).value(),
                40 + 10 + 32 + 1000 * 3e-9 + 2 * 1500 * 6.4e-11, 1e-12);
}

// Cold requests one after another where releases cost nothing: each takes the same.
TEST(Energy, AddsUpOverRequests) {
    Options options = plenty();
    const double one = energy_of(board(), "on-demand", options);
    for (const std::int64_t requests : {2, 5, 100}) {
        options.requests = requests;
        EXPECT_NEAR(energy_of(board(), "on-demand", options), static_cast<double>(requests) * one,
                    1e-9);
    }
}

// Without contention, policies that read each parameter once differ in how long they idle:
// E_a - E_b = P_idle (T_a - T_b). So what hides its reads better needs less.
TEST(Energy, PoliciesDifferInTheirIdling) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        testing::PlatformShape shape;
        shape.fractional = shape.concurrency = true;
        Platform platform = testing::random_platform(seed, shape);
        platform.nodes[0].power = kPower;
        const ModelPtr model = testing::random_model(seed);
        const RunResult slow = simulate(platform, model, "on-demand", plenty()).result;
        for (const char* policy : {"swapnet", "demand-layering", "load-all"}) {
            SCOPED_TRACE(text("seed {} {}", seed, policy));
            const RunResult other = simulate(platform, model, policy, plenty()).result;
            ASSERT_EQ(other.swapped_in, slow.swapped_in);
            const Duration idling = slow.makespan - other.makespan;
            const Duration executing = slow.compute_busy - other.compute_busy;  // per_block, ns
            const double expected = 1e-9 * (kPower.idle_w * static_cast<double>(idling.count()) +
                                            kExecuteW * static_cast<double>(executing.count()));
            EXPECT_NEAR(*slow.energy_j - *other.energy_j, expected, 1e-9 * *slow.energy_j);
        }
    }
}

// Less power in the same time, less energy.
TEST(Energy, GrowsWithThePower) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Platform platform = testing::random_platform(seed, {});
        platform.nodes[0].power = kPower;
        const ModelPtr model = testing::random_model(seed);
        double before = 0;
        for (const double scale : {0.25, 0.5, 1.0}) {
            platform.nodes[0].modes = {{.name = "M", .power_scale = scale}};
            platform.mode = "M";
            const double energy =
                simulate(platform, model, "demand-layering", plenty()).result.energy_j.value();
            EXPECT_GT(energy, before);
            before = energy;
        }
    }
}

}  // namespace
}  // namespace swaplab
