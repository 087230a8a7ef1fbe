// Deadlines count from the arrival of a request, whatever its latency counts from.
#include <gtest/gtest.h>

#include "policies/run/bounds.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// One layer of 100 ns. Three requests of a stream all arrive at 0 and end at 100, 200 and 300 ns,
// with a latency of 100 ns each: with a deadline of 250 ns one of three is missed.
TEST(Deadline, CountsFromTheArrival) {
    Platform platform;
    platform.name = "board";
    platform.nodes.emplace_back().execute.other.per_layer = 100;
    ModelSpec spec;
    spec.name = "one";
    spec.layers.emplace_back().name = "layer";
    spec.layers[0].parameter_bytes = {8};
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = std::make_shared<const Model>(std::move(spec));
    job.mode = ArrivalMode::stream;
    job.requests = 3;
    job.deadline = nanoseconds(250);
    const auto late = simulate(platform, workload, "direct");
    EXPECT_EQ(late.result.verdict, Verdict::deadline_miss);
    EXPECT_EQ(late.result.jobs[0].deadline_misses, 1);
    EXPECT_DOUBLE_EQ(late.result.deadline_miss_ratio, 1.0 / 3);
    EXPECT_EQ(late.result.latency.max, nanoseconds(100));
    workload.jobs[{0}].deadline = nanoseconds(300);
    EXPECT_EQ(simulate(platform, workload, "direct").result.verdict, Verdict::ok);
}

// A stream of load-all without a budget: nothing is read twice, and the bound knows.
TEST(LowerBoundWithoutABudget, ReadsOnce) {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.execute.other.per_layer = 100;
    node.read.cost.per_byte = 1000;
    ModelSpec spec;
    spec.name = "one";
    spec.layers.emplace_back().name = "layer";
    spec.layers[0].parameter_bytes = {8};
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = std::make_shared<const Model>(std::move(spec));
    job.mode = ArrivalMode::stream;
    job.requests = 5;
    const CostModels costs{CostModel(*job.model, platform)};
    const RunRequest request{platform, workload, std::nullopt};
    // Read once (8000) and five executions (500), less 2 ns of rounding.
    EXPECT_EQ(lower_bound(request, costs, nullptr).lower, nanoseconds(8498));
}

}  // namespace
}  // namespace swaplab::testing
