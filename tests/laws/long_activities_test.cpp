// Whole models that take longer than one activity may: 2^42 ns, 73 minutes.
#include <gtest/gtest.h>

#include "profiles/base/error.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::simulate;

constexpr Duration kMinute{std::int64_t{60} * 1000000000};

// `layers` layers of 10 bytes, each of which executes for so long.
ModelPtr slow_chain(std::uint32_t layers, Duration each) {
    ModelSpec spec;
    spec.name = "slow";
    spec.measured_on = "board";
    for (std::uint32_t l = 0; l < layers; ++l) {
        Layer layer;
        layer.name = text("layer{}", l);
        layer.parameter_bytes = Bytes{10};
        layer.parameter_tensors = 1;
        layer.execute = each;
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(std::move(spec));
}

Platform board(double per_block_ns) {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.read.cost.per_byte = 1;
    node.execute.other.per_block = per_block_ns;
    return platform;
}

// 100 minutes of execution, in which nothing is hidden but reads of 10 ns.
TEST(LongActivities, AModelOf100MinutesRunsUnderEveryPolicy) {
    const ModelPtr model = slow_chain(100, kMinute);
    for (const char* policy :
         {"direct", "load-all", "on-demand", "standard-swap", "swapnet", "demand-layering",
          "demand-layering:pipeline=sync", "pipeload", "pipeswitch"}) {
        SCOPED_TRACE(policy);
        Options options;
        options.budget = Bytes{100000};
        options.rehearse = true;
        const RunResult run = simulate(board(0), model, policy, options).result;
        ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
        EXPECT_GE(run.latency.mean, 100 * kMinute);
        EXPECT_LE(run.latency.mean, 100 * kMinute + Duration{4 * 1000});
        EXPECT_EQ(run.full_memory_latency, 100 * kMinute);
        EXPECT_LE(run.lower_bound, run.latency.mean);
        EXPECT_LE(run.policy_bound, run.latency.mean);
    }
}

// As one block: what a block costs is paid once, everything is read before the first part executes.
TEST(LongActivities, PartsAreOneBlock) {
    const ModelPtr model = slow_chain(100, kMinute);
    Options options;
    options.budget = Bytes{100000};
    const testing::Simulation direct = simulate(board(7000), model, "direct", options);
    EXPECT_EQ(direct.result.latency.mean, 100 * kMinute + Duration{7000});
    EXPECT_EQ(direct.result.jobs[0].blocks.size(), 2U);  // of 73 minutes and of 27
    EXPECT_EQ(direct.result.jobs[0].blocks[0].units.size(), 73U);
    const testing::Simulation loaded = simulate(board(7000), model, "load-all", options);
    EXPECT_EQ(loaded.result.latency.mean, Duration{100 * 10} + 100 * kMinute + Duration{7000});
    EXPECT_EQ(loaded.result.memory.peak.count, 100 * 10);
    options.budget = Bytes{999};
    EXPECT_EQ(simulate(board(7000), model, "load-all", options).result.minimum_budget.count, 1000);
}

// A measured time of the whole model may be more than an activity holds, too.
TEST(LongActivities, AnAnchorOf100MinutesIsReached) {
    ModelSpec spec = slow_chain(100, kMinute)->spec();
    spec.measured_on.clear();
    for (Layer& layer : spec.layers) layer.execute.reset();
    spec.anchors["board"] = 100 * kMinute;
    Platform platform = board(0);
    platform.nodes[0].execute.other.per_layer = 1000;
    const testing::Simulation run =
        simulate(platform, std::make_shared<const Model>(spec), "direct", Options{});
    EXPECT_EQ(run.result.latency.mean, 100 * kMinute);
}

// Streamed, what is loaded stays.
TEST(LongActivities, PartsStayForTheNextRequest) {
    const ModelPtr model = slow_chain(100, kMinute);
    Options options;
    options.budget = Bytes{100000};
    options.mode = ArrivalMode::stream;
    options.requests = 3;
    const RunResult run = simulate(board(0), model, "load-all", options).result;
    EXPECT_EQ(run.makespan, Duration{1000} + 300 * kMinute);
    EXPECT_EQ(run.swapped_in.count, 1000);
}

// With next to no variation a part takes its mean: what a block costs once is in the first alone.
TEST(LongActivities, PartsVaryAroundTheirMeans) {
    Platform platform = board(1e12);
    platform.nodes[0].noise.cv[index_of(Activity::execute)] = 1e-15;
    Options options;
    const ModelPtr model = slow_chain(100, kMinute);
    const RunResult calm = simulate(platform, model, "direct", options).result;
    options.noise = NoiseKey{1, 0};
    const RunResult noisy = simulate(platform, model, "direct", options).result;
    ASSERT_GT(calm.jobs[0].blocks.size(), 1U);
    EXPECT_NEAR(static_cast<double>(count_ns(noisy.latency.mean)),
                static_cast<double>(count_ns(calm.latency.mean)), 1000);
}

// A layer whose line takes so long is bad input, by name, as is a group.
TEST(LongActivities, OfOneUnitAreBadInput) {
    Platform platform = board(0);
    platform.nodes[0].read.cost.per_byte = 1e12;
    Options options;
    options.budget = Bytes{100000};
    try {
        simulate(platform, slow_chain(2, kMinute), "on-demand", options);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(),
                     "\"layer0\" of slow: one activity takes 10000000000000 ns, expected less than "
                     "2^42 ns (73 minutes): divide it, or check the costs of the device");
    }
}

}  // namespace
}  // namespace swaplab::laws
