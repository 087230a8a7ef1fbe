// Everything counts from the first arrival: equal gaps, equal figures.
#include <gtest/gtest.h>

#include "policies/run/bounds.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

Workload listed(const ModelPtr& model, Time first) {
    Options twenty;
    twenty.requests = 20;
    Workload workload = workload_of({model}, twenty);
    Job& job = workload.jobs.front();
    job.mode = ArrivalMode::listed;
    for (int r = 0; r < 20; ++r)
        job.arrivals.push_back(first + Duration{r * 30000000 + (r % 2) * 20000000});
    return workload;
}

constexpr Duration kHour{std::int64_t{3600} * 1000000000};
constexpr Duration kEpoch{1'700'000'000'000'000'000};  // nanoseconds since 1970, in 2023

TEST(LateOrigin, ChangesNoFigure) {
    const ModelPtr model = random_model(3);
    Platform platform = random_platform(3);
    platform.nodes[0].power = idle_and_execute(2, 5);
    for (const char* policy :
         {"on-demand", "swapnet", "demand-layering", "pipeload", "pipeswitch"}) {
        SCOPED_TRACE(policy);
        Options options;
        options.budget = minimum_of(platform, model, policy, options);
        const RunResult early = simulate(platform, listed(model, kStart), policy, options).result;
        for (const Duration later : {kHour, kEpoch}) {
            const RunResult late =
                simulate(platform, listed(model, kStart + later), policy, options).result;
            EXPECT_EQ(late.makespan, early.makespan);
            EXPECT_EQ(late.throughput_per_s(), early.throughput_per_s());
            EXPECT_EQ(late.stalls, early.stalls);
            EXPECT_EQ(late.jobs[0].latencies, early.jobs[0].latencies);
            EXPECT_EQ(late.lower_bound, early.lower_bound);
            EXPECT_EQ(late.slowdown(), early.slowdown());
            EXPECT_EQ(late.energy_j, early.energy_j);
        }
        EXPECT_EQ(early.compute_busy + early.stalls.sum(), early.makespan);
        EXPECT_GT(early.stalls[StallReason::idle], Duration::zero());
    }
}

// 100 requests, each 2 ms of execution: none can be done in less than 200 ms.
TEST(LateOrigin, TheBoundIsOfAllRequests) {
    const ModelPtr model = random_model(3);
    const Platform platform = random_platform(3);
    const Workload workload = listed(model, kStart + kHour);
    Options options;
    options.budget = minimum_of(platform, model, "on-demand", options);
    const RunResult run = simulate(platform, workload, "on-demand", options).result;
    const RunResult direct = simulate(platform, workload, "direct", options).result;
    const auto& arrivals = workload.jobs[{0}].arrivals;
    EXPECT_LE(run.lower_bound, run.makespan);
    EXPECT_GE(run.lower_bound, arrivals.back() - arrivals.front());
    EXPECT_GE(count_ns(run.lower_bound), count_ns(direct.compute_busy) * 99 / 100);
}

}  // namespace
}  // namespace swaplab::testing
