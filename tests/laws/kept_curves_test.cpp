// Where blocks may stay, memory buys time: the curves of a stream over budgets never rise, and end
// where everything stays (SEMANTICS: Kept blocks).
#include <gtest/gtest.h>

#include <memory>

#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::simulate;

constexpr int kSteps = 12;  // of a tenth of the parameters
constexpr int kEvery = SWAPLAB_SANITIZED ? 6 : 1;

// A request of a stream when what stays is there.
Duration later_request(const Platform& platform, const ModelPtr& model, const std::string& spec,
                       Bytes budget) {
    Options options;
    options.budget = budget;
    options.mode = ArrivalMode::stream;
    options.requests = 2;
    options.rehearse = true;
    const RunResult run = simulate(platform, model, spec, options).result;
    EXPECT_TRUE(run.ran()) << spec << ": " << run.reason;
    EXPECT_LE(run.memory.peak, budget) << spec;
    return run.jobs.front().turns.back();
}

class KeptCurves : public ::testing::TestWithParam<const char*> {};

// Each tenth of the parameters buys at least 5 %, from the least budget on, until everything stays.
TEST_P(KeptCurves, OfGpt2OnTheOrinNano) {
    const Platform platform = builtin_device("jetson-orin-nano").value();
    const ModelOptions asked{.tokens = SWAPLAB_SANITIZED ? 2 : 4};
    const auto model =
        std::make_shared<const Model>(builtin_model("gpt2-medium", asked).value());
    const std::string spec = std::string(GetParam()) + ":keep=auto";
    const Bytes everything = testing::minimum_of(platform, model, "load-all").value();
    const Bytes least = testing::minimum_of(platform, model, spec).value();
    const Duration all = later_request(platform, model, "load-all", everything);
    Duration before = Duration::max();
    for (int step = kEvery; step <= kSteps; step += kEvery) {
        const Bytes budget{model->parameter_bytes().count / 10 * step};
        if (budget < least || budget >= everything) continue;
        const Duration now = later_request(platform, model, spec, budget);
        EXPECT_LE(now, before) << step << " tenths";
        if (before != Duration::max()) {
            EXPECT_LE(count_ns(now), count_ns(before) / 100 * 95) << step << " tenths";
        }
        EXPECT_GT(now, all);
        before = now;
    }
    // Rounding, block by block, apart.
    const Duration kept = later_request(platform, model, spec, everything);
    EXPECT_NEAR(static_cast<double>(kept.count()), static_cast<double>(all.count()),
                1e-6 * static_cast<double>(all.count()));
}

INSTANTIATE_TEST_SUITE_P(Systems, KeptCurves,
                         ::testing::Values("on-demand", "swapnet", "demand-layering", "pipeload"));

}  // namespace
}  // namespace swaplab::laws
