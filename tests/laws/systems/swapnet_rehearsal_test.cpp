// SwapNet's planner sees what the device will charge: more memory is never slower.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "policies/registry.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "sim/sim_device.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 20 : 100;
constexpr int kBudgets = 20;

Duration latency_at(const Platform& platform, const ModelPtr& model, Options options,
                    Bytes budget) {
    options.budget = budget;
    const RunResult run = simulate(platform, model, "swapnet", options).result;
    EXPECT_EQ(run.verdict, Verdict::ok) << run.reason;
    return run.latency.mean;
}

// Budgets from the least to all parameters twice.
std::vector<Bytes> budgets_of(const Platform& platform, const ModelPtr& model,
                              const Options& options) {
    const Bytes least = testing::minimum_of(platform, model, "swapnet", options).value();
    const Bytes most = std::max(least, 2 * model->parameter_bytes());
    std::vector<Bytes> budgets;
    for (int step = 0; step < kBudgets; ++step)
        budgets.push_back(least + Bytes{(most - least).count / (kBudgets - 1) * step});
    return budgets;
}

PlatformShape shape_of(Rng& rng) {
    PlatformShape shape;
    shape.fractional = rng.chance(50);
    shape.contention = true;
    shape.speed_ups = rng.chance(30);
    shape.after_idle = rng.chance(50);
    shape.host_time = rng.chance(30);
    return shape;
}

// No plan that is exact for less memory is quicker than the one that is chosen; by closed form
// alone many are.
TEST(SwapnetRehearsal, MoreMemoryIsNeverSlower) {
    int slower_by_closed_form = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        Rng rng(seed);
        const Platform platform = random_platform(seed, shape_of(rng));
        const ModelPtr model = random_model(seed);
        Options options;
        options.account = rng.chance(50) ? Account::all : Account::parameters;
        if (rng.chance(30)) options.path = SwapPath::staged;
        Options rehearsed = options;
        rehearsed.rehearse = true;
        Duration least = Duration::max();
        Duration least_by_closed_form = Duration::max();
        for (const Bytes budget : budgets_of(platform, model, options)) {
            const Duration latency = latency_at(platform, model, rehearsed, budget);
            EXPECT_LE(latency, least);
            least = std::min(least, latency);
            const Duration unrehearsed = latency_at(platform, model, options, budget);
            slower_by_closed_form += static_cast<int>(unrehearsed > least_by_closed_form);
            least_by_closed_form = std::min(least_by_closed_form, unrehearsed);
            EXPECT_LE(latency, least_by_closed_form);
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(slower_by_closed_form, 0);
}

// With one policy for all budgets, as a study has it, and no reference beside it.
std::vector<Duration> latencies_of(const char* name, const char* device) {
    const ModelPtr model = std::make_shared<const Model>(*builtin_model(name));
    const Platform platform = *builtin_device(device);
    const Workload workload = testing::workload_of({model}, {});
    const Policy policy = make_policy("swapnet");
    RunRequest request{.platform = platform,
                       .workload = workload,
                       .budget = {},
                       .device = &make_sim_device,
                       .with_reference = false,
                       .rehearsal = &make_sim_device};
    std::vector<Duration> latencies;
    for (const Bytes budget : budgets_of(platform, model, {})) {
        request.budget = budget;
        const RunResult result = run(request, policy);
        EXPECT_EQ(result.verdict, Verdict::ok) << result.reason;
        latencies.push_back(result.latency.mean);
    }
    return latencies;
}

TEST(SwapnetRehearsal, Resnet101OnTheXavierNx) {
    const std::vector<Duration> latencies = latencies_of("resnet101", "jetson-xavier-nx");
    EXPECT_TRUE(std::ranges::is_sorted(latencies, std::greater<>()));
}

// Of models of more than 128 units rows 1/32 of memory apart are rehearsed.
TEST(SwapnetRehearsal, EveryBuiltinModel) {
    constexpr double tolerated = 1.005;
    for (const BuiltinModel& builtin : builtin_models()) {
        const bool exact = builtin_model(builtin.name)->finest_blocks().size() <= 128;
        double least = 1e18;
        for (const Duration latency : latencies_of(builtin.name.data(), "jetson-xavier-nx")) {
            const auto ns = static_cast<double>(count_ns(latency));
            EXPECT_LE(ns, least * (exact ? 1 : tolerated)) << builtin.name;
            least = std::min(least, ns);
        }
    }
}

}  // namespace
}  // namespace swaplab::laws
