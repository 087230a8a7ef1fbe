// The bound from durations as they were (RunResult::measured_lower_bound).
#include <gtest/gtest.h>

#include "policies/registry.h"
#include "profiles/base/text.h"
#include "tests/support/chain.h"
#include "tests/support/every_policy.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

// The formula over the spans, one request after the other, without regard to what was cut where.
Duration bound_of_spans(const Simulation& run, std::size_t blocks, std::int64_t requests,
                        std::int64_t parallel) {
    std::vector<Duration> read(blocks), execute(blocks);
    for (const Completion& span : run.record.spans) {
        if (span.command.verb == Verb::read)
            read[span.command.block.index] += span.end - span.start;
        if (span.command.verb == Verb::execute)
            execute[span.command.block.index] += span.end - span.start;
    }
    Duration bound{};
    for (std::size_t i = 0; i < blocks; ++i) {
        Duration sum{};
        for (std::size_t j = 0; j <= i; ++j) sum += read[j];
        sum /= parallel;
        for (std::size_t j = i; j < blocks; ++j) sum += execute[j];
        bound = std::max(bound, sum);
    }
    return bound / requests;
}

TEST(MeasuredBound, NoRunIsFaster) {
    int checked = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        testing::PlatformShape shape;
        shape.contention = shape.concurrency = shape.after_idle = true;
        const Platform platform = random_platform(seed, shape);
        const ModelPtr model = random_model(seed);
        for (const std::string& spec : testing::every_policy()) {
            Options options;
            options.budget = Bytes{std::int64_t{1} << 40};
            options.requests = static_cast<std::int64_t>(seed % 3) + 1;
            options.mode = seed % 2 == 0 ? ArrivalMode::cold : ArrivalMode::stream;
            const Simulation run = simulate(platform, model, spec, options);
            const RunResult& result = run.result;
            const bool cold = options.mode == ArrivalMode::cold;
            EXPECT_EQ(result.measured_lower_bound_of, cold ? BoundOf::latency : BoundOf::makespan);
            EXPECT_LE(result.measured_lower_bound, cold ? result.latency.mean : result.makespan)
                << spec << ", seed " << seed;
            EXPECT_GE(result.measured_lower_bound,
                      cold ? result.compute_busy / options.requests : result.compute_busy);
            ++checked;
        }
    }
    EXPECT_GT(checked, 300);
}

// With one read at a time nothing is lost to sharing: the bound from durations holds at least what
// the bound from the profile does, and is the formula over the spans.
TEST(MeasuredBound, IsTheFormulaOverTheSpans) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Platform platform = random_platform(seed);
        const ModelPtr model = random_model(seed);
        for (const char* policy : {"swapnet", "on-demand", "demand-layering"}) {
            Options options;
            options.budget = Bytes{std::int64_t{1} << 40};
            options.requests = 2;
            const Simulation run = simulate(platform, model, policy, options);
            const std::size_t blocks = run.result.jobs[0].blocks.size();
            const Duration bound = run.result.measured_lower_bound;
            EXPECT_EQ(bound, bound_of_spans(run, blocks, 2, 1)) << policy << ", seed " << seed;
            EXPECT_GE(bound + Duration{1}, run.result.lower_bound) << policy << ", seed " << seed;
        }
    }
}

// `direct` reads nothing: what is left is the execution.
TEST(MeasuredBound, OfDirectIsItsExecution) {
    const Platform platform = random_platform(3);
    const Simulation run = simulate(platform, random_model(3), "direct");
    EXPECT_EQ(run.result.measured_lower_bound, run.result.compute_busy);
}

}  // namespace
}  // namespace swaplab
