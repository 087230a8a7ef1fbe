// Where blocks may stay, memory buys time: the curves of a stream over budgets never rise, and end
// where everything stays (SEMANTICS: Kept blocks).
#include <gtest/gtest.h>

#include <memory>

#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/support/llama_model.h"
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

// Each tenth of the parameters buys at least 5 %, from the least budget on, until everything stays.
void expect_bought(const ModelPtr& model, const std::string& system, int every) {
    const Platform platform = builtin_device("jetson-orin-nano").value();
    const std::string spec = system + ":keep=auto";
    const Bytes everything = testing::minimum_of(platform, model, "load-all").value();
    const Bytes least = testing::minimum_of(platform, model, spec).value();
    const Duration all = later_request(platform, model, "load-all", everything);
    Duration before = Duration::max();
    for (int step = every; step <= kSteps; step += every) {
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
    EXPECT_LT(before, Duration::max());
    // Rounding, block by block, apart.
    const Duration kept = later_request(platform, model, spec, everything);
    EXPECT_NEAR(static_cast<double>(kept.count()), static_cast<double>(all.count()),
                1e-6 * static_cast<double>(all.count()));
}

class KeptCurves : public ::testing::TestWithParam<const char*> {};

TEST_P(KeptCurves, OfGpt2OnTheOrinNano) {
    const ModelOptions asked{.tokens = SWAPLAB_SANITIZED ? 2 : 4};
    expect_bought(std::make_shared<const Model>(builtin_model("gpt2-medium", asked).value()),
                  GetParam(), kEvery);
}

TEST_P(KeptCurves, OfLlama1bOnTheOrinNano) {
    const auto model = std::make_shared<const Model>(testing::llama_1b(16, 2));
    // As published: the embedding, 16 times queries, keys, values, output, gate, up, down and two
    // norms, and the last norm.
    constexpr std::int64_t in_block =
        2048 * (2048 + 512 + 512) + 2048 * 2048 + 3 * 2048 * 8192 + 2 * 2048;
    EXPECT_EQ(model->parameter_bytes().count, 2 * (128256 * 2048 + 16 * in_block + 2048));
    EXPECT_EQ(model->parameter_bytes().count, std::int64_t{2} * 1'235'814'400);
    expect_bought(model, GetParam(), SWAPLAB_SANITIZED ? 6 : 1);
}

INSTANTIATE_TEST_SUITE_P(Systems, KeptCurves,
                         ::testing::Values("on-demand", "swapnet", "demand-layering", "pipeload"));

}  // namespace
}  // namespace swaplab::laws
