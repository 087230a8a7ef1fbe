// The policy that policies/README.md walks through does what it says.
#include <gtest/gtest.h>

#include "policies/run/runner.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "sim/sim_device.h"
#include "tests/support/simulate.h"

namespace swaplab {

Policy make_double_buffer(const PolicyParameters& parameters, std::optional<SwapPath> path);

namespace {

RunResult run_double_buffer(const Platform& platform, const Workload& workload,
                            std::optional<Bytes> budget) {
    Policy policy = make_double_buffer({}, {});
    policy.name = policy.spec = "double-buffer";
    RunRequest request{.platform = platform, .workload = workload, .budget = budget};
    if (!budget) request.budget = minimum_budget(request, policy);
    request.device = make_sim_device;
    return run(request, policy);
}

class OwnPolicy : public ::testing::TestWithParam<const char*> {
  protected:
    ModelPtr model_ = std::make_shared<const Model>(builtin_model(GetParam()).value());
    testing::Options options(std::int64_t requests) const {
        testing::Options options;
        options.requests = requests;
        options.mode = requests > 1 ? ArrivalMode::stream : ArrivalMode::cold;
        return options;
    }
};

// Less than that is refused with that, and with that it runs within it, quicker than without
// looking ahead.
TEST_P(OwnPolicy, RunsWithItsLeastBudgetAndNotWithLess) {
    for (const char* device : {"jetson-xavier-nx", "cpu-server"}) {
        const Platform platform = builtin_device(device).value();
        for (const std::int64_t requests : {1, 3}) {
            SCOPED_TRACE(std::string(device) + ", " + std::to_string(requests));
            const Workload workload = testing::workload_of({model_}, options(requests));
            const RunResult least = run_double_buffer(platform, workload, {});
            ASSERT_EQ(least.verdict, Verdict::ok) << least.reason;
            EXPECT_LE(least.memory.peak, *least.budget);
            const RunResult less = run_double_buffer(platform, workload, *least.budget - Bytes{1});
            ASSERT_EQ(less.verdict, Verdict::infeasible);
            EXPECT_EQ(less.minimum_budget, *least.budget);
            EXPECT_FALSE(less.layers.empty());
            testing::Options on_demand = options(requests);
            on_demand.budget = *least.budget;
            EXPECT_LT(
                least.latency.mean,
                testing::simulate(platform, workload, "on-demand", on_demand).result.latency.mean);
            EXPECT_GE(least.latency.mean, least.full_memory_latency);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Builtin, OwnPolicy,
                         ::testing::Values("resnet101", "vgg19", "vit-base", "densenet201"));

}  // namespace
}  // namespace swaplab
