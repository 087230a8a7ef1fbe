// Every built-in model can be planned and run on every built-in device, in all its modes.
#include <gtest/gtest.h>

#include <algorithm>

#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::minimum_of;
using testing::Options;
using testing::plan_of;
using testing::simulate;

std::vector<std::string> modes_of(const Platform& platform) {
    std::vector<std::string> modes{""};
    for (const Mode& mode : platform.nodes[0].modes) modes.push_back(mode.name);
    return modes;
}

class EveryDevicePlans : public ::testing::TestWithParam<std::string> {};

// `on-demand` needs its largest layer and that layer's activations: no more than the device has,
// and not a byte less than it says.
TEST_P(EveryDevicePlans, OnDemandAtItsMinimum) {
    const Platform platform = *builtin_device(GetParam());
    for (const BuiltinModel& builtin : builtin_models()) {
        SCOPED_TRACE(builtin.name);
        const auto model = std::make_shared<const Model>(*builtin_model(builtin.name));
        const Bytes least = minimum_of(platform, model, "on-demand").value();
        EXPECT_LE(least, platform.nodes[0].memory.capacity);
        Options options;
        options.budget = least;
        EXPECT_TRUE(
            std::holds_alternative<Deployment>(plan_of(platform, model, "on-demand", options)));
        options.budget = Bytes{least.count - 1};
        EXPECT_TRUE(
            std::holds_alternative<Infeasible>(plan_of(platform, model, "on-demand", options)));
    }
}

// Reads do not depend on the mode, so a mode that executes more slowly takes longer: in `on-demand`
// nothing overlaps, and each nanosecond of execution counts. (Unless the drive falls asleep
// meanwhile: here it does not.)
TEST_P(EveryDevicePlans, AFasterModeIsFaster) {
    Platform platform = *builtin_device(GetParam());
    platform.nodes[0].read.after_idle.reset();
    for (const BuiltinModel& builtin : builtin_models()) {
        SCOPED_TRACE(builtin.name);
        const auto model = std::make_shared<const Model>(*builtin_model(builtin.name));
        Options options;
        options.budget = minimum_of(platform, model, "on-demand");
        std::vector<std::pair<Duration, Duration>> busy_and_makespan;
        for (const std::string& mode : modes_of(platform)) {
            platform.mode = mode;
            const RunResult result = simulate(platform, model, "on-demand", options).result;
            ASSERT_EQ(result.verdict, Verdict::ok) << mode << " " << result.reason;
            busy_and_makespan.emplace_back(result.compute_busy, result.makespan);
        }
        platform.mode.clear();
        std::ranges::sort(busy_and_makespan);
        for (std::size_t i = 1; i < busy_and_makespan.size(); ++i)
            EXPECT_EQ(busy_and_makespan[i].second - busy_and_makespan[i - 1].second,
                      busy_and_makespan[i].first - busy_and_makespan[i - 1].first);
    }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryDevicePlans, ::testing::ValuesIn(builtin_device_names()),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace swaplab
