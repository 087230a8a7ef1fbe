// ResNet-101 arrives, 5 ms after VGG-19, on a Jetson Xavier NX, and is preferred: its response is
// at most its response alone with the same plan and what ran on each lane when it came (SEMANTICS:
// Dispatch), for every system.
#include <gtest/gtest.h>

#include <algorithm>

#include "experiments/request/experiment.h"
#include "policies/run/planning.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

constexpr std::int64_t kArrival = 5'000'000;
constexpr std::int64_t kLater = std::int64_t{1} << 45;

struct System {
    const char* policy;
    std::int64_t budget;
};
constexpr std::array<System, 12> kSystems{{
    {"direct", 900'000'000},
    {"load-all", 900'000'000},
    {"on-demand", 900'000'000},
    {"standard-swap", 2'000'000'000},
    {"swapnet", 900'000'000},
    {"demand-layering", 900'000'000},
    {"demand-layering:pipeline=sequential", 900'000'000},
    {"demand-layering:pipeline=sync", 2'000'000'000},
    {"demand-layering:pipeline=async", 2'000'000'000},
    {"pipeload", 900'000'000},
    {"pipeload:agents=3", 900'000'000},
    {"pipeswitch", 900'000'000},
}};

struct Ran {
    RunResult result;
    SpanRecorder record;
};

Scenario scenario_at(std::int64_t vgg19, std::int64_t resnet101, const char* dispatch) {
    Experiment asked;
    asked.models = {choose_model("vgg19:weight=1"), choose_model("resnet101:weight=5")};
    asked.devices = {choose_device("jetson-xavier-nx")};
    asked.dispatches = {make_dispatch(dispatch)};
    Scenario scenario = only_scenario_of(asked, "compare");
    const std::array at{vgg19, resnet101};
    const std::array deadlines{2'000'000'000, 200'000'000};
    for (std::uint32_t j = 0; j < 2; ++j) {
        Job& job = scenario.workload.jobs[{j}];
        job.mode = ArrivalMode::listed;
        job.arrivals = {at_ns(at[j])};
        job.deadline = nanoseconds(deadlines[j]);
    }
    return scenario;
}

Ran run_of(const Scenario& scenario, const System& system) {
    Ran ran;
    const Policy policy = policy_for(choose_policy(system.policy), scenario);
    RunRequest request =
        request_of(scenario, simulated_testbed(), Bytes{system.budget}, &ran.record);
    request.with_reference = false;
    ran.result = run(request, policy);
    return ran;
}

// What of VGG-19 runs on lanes when ResNet-101 arrives: each as long as alone, times its factors.
double running(const Ran& ran, const Scenario& scenario, const System& system) {
    const RunRequest request = planning_request_of(scenario, Bytes{system.budget});
    const auto outcome = plan(request, policy_for(choose_policy(system.policy), scenario));
    const AllFacts facts = block_facts(cost_models(request), std::get<Deployment>(outcome));
    const Node& node = scenario.device.platform.nodes.front();
    double sum = 0;
    for (const Completion& span : ran.record.spans) {
        const Action& c = span.command;
        if (c.job.index != 0 || c.lane == Lane::none) continue;
        if (count_ns(span.start) > kArrival || count_ns(span.end) <= kArrival) continue;
        double factor = 1;
        for (const double f : node.contention[index_of(*row_of(c.verb).activity)])
            factor *= std::max(f, 1.0);
        sum += factor * static_cast<double>(facts[c.job][c.block].of(c.verb, c.pass).count());
    }
    return sum;
}

TEST(DispatchBound, OfEverySystem) {
    for (const System& system : kSystems) {
        const Ran alone = run_of(scenario_at(kLater, kArrival, "fcfs"), system);
        ASSERT_TRUE(alone.result.ran()) << system.policy << alone.result.reason;
        const Duration least = alone.result.jobs[1].latency.max;
        for (const char* dispatch : {"edf", "priority"}) {
            SCOPED_TRACE(text("{} {}", system.policy, dispatch));
            const Scenario scenario = scenario_at(0, kArrival, dispatch);
            const Ran ran = run_of(scenario, system);
            ASSERT_TRUE(ran.result.ran()) << ran.result.reason;
            const Duration response = ran.result.jobs[1].latency.max;
            EXPECT_LE(static_cast<double>((response - least).count()),
                      running(ran, scenario, system))
                << "alone " << count_ns(least) << ", then " << count_ns(response);
            if (ran.result.jobs[0].blocks.size() > 1) {
                EXPECT_GT(ran.record.taken_back(), 0U);
            }
        }
    }
}

}  // namespace
}  // namespace swaplab::testing
