// How replications of a noisy run are pooled, and what they are compared with.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "policies/metrics/replications.h"
#include "profiles/fit/statistics.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::with_noise;

TEST(Replications, ArePooled) {
    const ModelPtr model = testing::random_model(4);
    const Platform platform = with_noise(testing::random_platform(4), 0.2, 0.2);
    Options options;
    options.requests = 6;
    options.budget = Bytes{std::int64_t{1} << 36};
    options.noise = NoiseKey{21, 0};
    options.replications = 5;
    const RunResult all = simulate(platform, model, "demand-layering", options).result;
    std::vector<Duration> latencies;
    std::vector<double> means;
    options.replications = 1;
    for (std::uint32_t r = 0; r < 5; ++r) {
        options.noise->replication = r;
        const RunResult one = simulate(platform, model, "demand-layering", options).result;
        EXPECT_EQ(one.replications.count, 1);
        EXPECT_FALSE(one.replications.half_width);
        latencies.insert(latencies.end(), one.jobs[0].latencies.begin(),
                         one.jobs[0].latencies.end());
        means.push_back(static_cast<double>(one.latency.mean.count()));
        EXPECT_EQ(one.latency.mean, all.replications.mean_latency[r]);
    }
    EXPECT_EQ(all.jobs[0].latencies, latencies);
    EXPECT_EQ(all.requests, 6);
    EXPECT_EQ(all.latency.count, 30);
    const LatencySummary summary = summarize(latencies);
    EXPECT_EQ(all.latency.p95, summary.p95);
    EXPECT_EQ(all.latency.mean, summary.mean);
    EXPECT_NE(all.latency.min, all.latency.max);
    // t(0.975, 4 degrees) = 2.776 (any table), times s / sqrt(5).
    double mean = 0, squares = 0;
    for (const double m : means) mean += m / 5;
    for (const double m : means) squares += (m - mean) * (m - mean);
    ASSERT_TRUE(all.replications.half_width);
    EXPECT_NEAR(static_cast<double>(all.replications.half_width->count()),
                2.7764 * std::sqrt(squares / 4) / std::sqrt(5.0), 1e-3 * mean);
    EXPECT_EQ(all.compute_busy + all.stalls.sum(), all.makespan);
    EXPECT_NEAR(all.throughput_per_s(), 6e9 / static_cast<double>(all.makespan.count()), 1e-6);
}

// 7/15 of a byte are less than half, also where a long double of 64 binary digits has eighths.
TEST(Replications, MeansAreExact) {
    std::vector<RunResult> all(15);
    for (RunResult& one : all) one.swapped_in = {std::int64_t{1} << 60};
    all.front().swapped_in += Bytes{7};
    EXPECT_EQ(pooled(all).swapped_in, Bytes{std::int64_t{1} << 60});
    all.front().swapped_in += Bytes{1};
    EXPECT_EQ(pooled(all).swapped_in, Bytes{(std::int64_t{1} << 60) + 1});
}

// The same draws above and below the line: what a policy costs is told apart from the weather.
TEST(Replications, TheReferenceHasTheSameDraws) {
    const ModelPtr model = testing::random_model(4);
    const Platform platform = with_noise(testing::random_platform(4), 0.2, 0.2);
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    options.noise = NoiseKey{1, 0};
    options.replications = 3;
    const RunResult direct = simulate(platform, model, "direct", options).result;
    EXPECT_EQ(direct.slowdown(), 1.0);
    const RunResult swapped = simulate(platform, model, "on-demand", options).result;
    EXPECT_EQ(swapped.full_memory_latency, direct.latency.mean);
    options.noise.reset();
    const RunResult calm = simulate(platform, model, "on-demand", options).result;
    EXPECT_NE(swapped.full_memory_latency, calm.full_memory_latency);
}

// Quantiles from a table of Student's t.
TEST(Statistics, StudentsT) {
    EXPECT_NEAR(student_t_95(1), 12.706, 5e-4);
    EXPECT_NEAR(student_t_95(9), 2.262, 5e-4);
    EXPECT_NEAR(student_t_95(1000), 1.962, 5e-4);
}

}  // namespace
}  // namespace swaplab
