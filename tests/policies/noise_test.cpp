// Noise and replications: the distribution, common random numbers, and how results are pooled.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "policies/lanes/noise.h"
#include "policies/metrics/replications.h"
#include "profiles/fit/statistics.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

Platform with_noise(Platform platform, double read_cv, double execute_cv) {
    platform.nodes[0].noise.cv[static_cast<std::size_t>(Activity::read)] = read_cv;
    platform.nodes[0].noise.cv[static_cast<std::size_t>(Activity::execute)] = execute_cv;
    return platform;
}

Platform noisy(double read_cv, double execute_cv) {
    return with_noise(testing::random_platform(1), read_cv, execute_cv);
}

Action action_of(Verb verb, std::uint32_t request, std::uint32_t block) {
    Action action;
    action.verb = verb;
    action.lane = lane_of(verb);
    action.request = {request};
    action.block = {block};
    return action;
}

TEST(Noise, MeanAndVariationAreTheProfiles) {
    constexpr Duration mean{1'000'000'000};
    constexpr int draws = 40'000;
    for (const double cv : {0.01, 0.1, 0.5}) {
        const Noise noise(noisy(cv, 0), {11, 0});
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < draws; ++i) {
            const auto request = static_cast<std::uint32_t>(i);
            const double x =
                static_cast<double>(noise.draw(action_of(Verb::read, request, 3), mean).count()) /
                1e9;
            sum += x;
            squares += x * x;
        }
        const double average = sum / draws;
        const double deviation = std::sqrt(squares / draws - average * average);
        // The standard error of the mean is cv / sqrt(n); the deviation's is larger, as the tail
        // is heavy.
        EXPECT_NEAR(average, 1.0, 5 * cv / std::sqrt(draws)) << "cv " << cv;
        EXPECT_NEAR(deviation, cv, 0.04 * cv) << "cv " << cv;
    }
}

// ln X is normal with variance ln(1 + cv^2): 68.3 % within one sigma, 95.4 % within two.
TEST(Noise, IsLogNormal) {
    constexpr double cv = 0.3;
    const double variance = std::log1p(cv * cv);
    const Noise noise(noisy(cv, 0), {5, 2});
    constexpr int draws = 40'000;
    std::array<int, 2> within{};
    for (int i = 0; i < draws; ++i) {
        const auto block = static_cast<std::uint32_t>(i);
        const Duration drawn = noise.draw(action_of(Verb::read, 0, block), Duration{1'000'000'000});
        const double z = (std::log(static_cast<double>(drawn.count()) / 1e9) + variance / 2) /
                         std::sqrt(variance);
        for (std::size_t s = 0; s < 2; ++s)
            within[s] += std::abs(z) <= static_cast<double>(s + 1) ? 1 : 0;
    }
    EXPECT_NEAR(within[0] / double{draws}, 0.6827, 0.01);
    EXPECT_NEAR(within[1] / double{draws}, 0.9545, 0.005);
}

TEST(Noise, ADrawDependsOnWhatIsDoneAndOnNothingElse) {
    const Platform platform = noisy(0.2, 0.2);
    constexpr Duration mean{1'000'000};
    const Noise noise(platform, {7, 0});
    const Duration base = noise.draw(action_of(Verb::read, 1, 2), mean);
    // In any order, and from another object.
    static_cast<void>(noise.draw(action_of(Verb::read, 9, 9), mean));
    EXPECT_EQ(noise.draw(action_of(Verb::read, 1, 2), mean), base);
    EXPECT_EQ(Noise(platform, {7, 0}).draw(action_of(Verb::read, 1, 2), mean), base);
    // Each part of the key matters.
    EXPECT_NE(Noise(platform, {8, 0}).draw(action_of(Verb::read, 1, 2), mean), base);
    EXPECT_NE(Noise(platform, {7, 1}).draw(action_of(Verb::read, 1, 2), mean), base);
    EXPECT_NE(Noise(platform, {7 | 1ULL << 40, 0}).draw(action_of(Verb::read, 1, 2), mean), base);
    EXPECT_NE(noise.draw(action_of(Verb::read, 2, 2), mean), base);
    EXPECT_NE(noise.draw(action_of(Verb::read, 1, 3), mean), base);
    EXPECT_NE(noise.draw(action_of(Verb::execute, 1, 2), mean), base);
    Action other = action_of(Verb::read, 1, 2);
    other.job = {1};
    EXPECT_NE(noise.draw(other, mean), base);
    other.job = {0};
    other.pass = 1;
    EXPECT_NE(noise.draw(other, mean), base);
    // So does which copy of a block it is, on the standard path.
    Platform copies = platform;
    copies.nodes[0].noise.cv[static_cast<std::size_t>(Activity::copy)] = 0.2;
    Action copy = action_of(Verb::copy, 1, 2);
    const Duration first_copy = Noise(copies, {7, 0}).draw(copy, mean);
    copy.copy = 1;
    EXPECT_NE(Noise(copies, {7, 0}).draw(copy, mean), first_copy);
    // What has no noise in the profile has none.
    EXPECT_EQ(noise.draw(action_of(Verb::assemble, 1, 2), mean), mean);
}

// Two policies that cut a model into the same blocks see the same durations of reads and
// executions.
TEST(Noise, PoliciesAreComparedUnderCommonRandomNumbers) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const ModelPtr model = testing::random_model(seed);
        const Platform platform = with_noise(testing::random_platform(seed), 0.2, 0.3);
        Options options;
        options.requests = 4;
        options.budget = Bytes{std::int64_t{1} << 36};
        options.noise = NoiseKey{seed, 3};
        using Key = std::tuple<Verb, std::uint32_t, std::uint32_t>;
        std::map<Key, Duration> first;
        for (const char* spec : {"on-demand", "demand-layering"}) {
            const Simulation run = simulate(platform, model, spec, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            for (const Completion& span : run.record.spans) {
                if (span.command.verb != Verb::read && span.command.verb != Verb::execute) continue;
                const Key key{span.command.verb, span.command.request.index,
                              span.command.block.index};
                const auto [at, fresh] = first.emplace(key, span.end - span.start);
                EXPECT_EQ(at->second, span.end - span.start) << "block " << std::get<2>(key);
            }
        }
    }
}

TEST(Noise, ReplicationsArePooled) {
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
TEST(Noise, MeansOfReplicationsAreExact) {
    std::vector<RunResult> all(15);
    for (RunResult& one : all) one.swapped_in = {std::int64_t{1} << 60};
    all.front().swapped_in += Bytes{7};
    EXPECT_EQ(pooled(all).swapped_in, Bytes{std::int64_t{1} << 60});
    all.front().swapped_in += Bytes{1};
    EXPECT_EQ(pooled(all).swapped_in, Bytes{(std::int64_t{1} << 60) + 1});
}

// The same draws above and below the line: what a policy costs is told apart from the weather.
TEST(Noise, TheReferenceHasTheSameDraws) {
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

TEST(Noise, AProfileWithoutNoiseGivesTheMeans) {
    const ModelPtr model = testing::random_model(4);
    const Platform platform = testing::random_platform(4);
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    const Simulation calm = simulate(platform, model, "on-demand", options);
    options.noise = NoiseKey{1, 0};
    EXPECT_EQ(simulate(platform, model, "on-demand", options).record.log(), calm.record.log());
}

// Quantiles from a table of Student's t.
TEST(Statistics, StudentsT) {
    EXPECT_NEAR(student_t_95(1), 12.706, 5e-4);
    EXPECT_NEAR(student_t_95(9), 2.262, 5e-4);
    EXPECT_NEAR(student_t_95(1000), 1.962, 5e-4);
}

}  // namespace
}  // namespace swaplab
