// How much what a request executes varies does not depend on how its model is cut (SEMANTICS:
// Noise): drift off, no constant per block, each cut with draws of its own.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/laws/oracle/sum_of_draws.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 100 : 500;
constexpr std::int64_t kRequests = 40;

// In one block, layer by layer, and in blocks of random sizes.
constexpr std::array<const char*, 3> kCuts{"direct", "on-demand", "swapnet"};

// What each layer executes, from the coefficients of its line.
std::vector<double> times_of(const Model& model, const Platform& platform) {
    const Node& node = platform.nodes[0];
    const double scale =
        platform.mode.empty() ? 1.0 : node.mode_named(platform.mode)->execute_scale;
    std::vector<double> times;
    for (std::uint32_t j = 0; j < model.layer_count(); ++j) {
        const Layer& layer = model.layers()[j];
        const LinearCost& line = node.execute.of(layer.op);
        times.push_back(scale *
                        (line.per_byte * static_cast<double>(layer.parameter_bytes.count) +
                         line.per_flop * static_cast<double>(layer.flops()) + line.per_layer +
                         line.per_activation_byte *
                             static_cast<double>(model.unit({j}).activation_bytes.count)));
    }
    return times;
}

// What each request of a run executed.
std::vector<double> executed_by_requests(const Simulation& run) {
    std::vector<double> sums(static_cast<std::size_t>(kRequests));
    for (const Completion& span : run.record.spans)
        if (uses(span.command.verb))
            sums.at(span.command.request.index) +=
                static_cast<double>((span.end - span.start).count());
    return sums;
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}
double variance_of(const std::vector<double>& values) {
    const double mean = mean_of(values);
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return squares / static_cast<double>(values.size() - 1);
}

struct World {
    explicit World(std::uint64_t seed) : rng(seed * 29 + 7) {
        testing::PlatformShape shape;
        shape.per_block = false;
        shape.fractional = rng.chance(50);
        shape.mode = rng.chance(30);
        platform = random_platform(seed, shape);
        cv = 0.01 + 0.19 * rng.unit();
        platform = testing::with_noise(std::move(platform), 0.3, cv);
        testing::ModelShape model_shape;
        model_shape.percent_grouped = rng.chance(30) ? 40 : 0;
        model = random_model(seed, model_shape);
        of_layers = oracle::sum_of_draws(times_of(*model, platform), cv);
    }
    std::vector<double> executed(std::uint64_t seed, std::size_t cut) {
        const std::string policy = kCuts.at(cut);
        Options options;
        options.requests = kRequests;
        options.noise = NoiseKey{seed * kCuts.size() + cut, 0};
        // None where nothing has to be in memory.
        const Bytes least = testing::minimum_of(platform, model, policy, options).value_or(Bytes{});
        options.budget = least + Bytes{rng.between(1, 1 + model->parameter_bytes().count)};
        const Simulation run = simulate(platform, model, policy, options);
        EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
        return executed_by_requests(run);
    }

    Rng rng;
    Platform platform;
    double cv = 0;
    ModelPtr model;
    oracle::Moments of_layers;
};

// Every world within six standard errors, and over all of them the mean of what is measured over
// what is right within four: a per cent or so.
struct Ratios {
    void add(double measured, const oracle::Moments& right) {
        const double error = oracle::error_of_variance(right, kRequests);
        EXPECT_NEAR(measured / right.variance, 1, 6 * error);
        sum += measured / right.variance;
        squared_error += error * error;
        ++worlds;
    }
    double sum = 0, squared_error = 0;
    int worlds = 0;
};

TEST(Variance, OfExecutionIsThatOfTheLayersHoweverTheyAreCut) {
    std::array<Ratios, kCuts.size()> ratios;
    int told_apart = 0;  // one draw a block would be seen
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        World world(seed);
        const oracle::Moments& right = world.of_layers;
        if (right.variance < 1e6) continue;  // ns^2, beside which roundings are nothing
        const double one_draw = world.cv * world.cv * right.mean * right.mean;
        told_apart += static_cast<int>(one_draw > 2 * right.variance);
        for (std::size_t cut = 0; cut < kCuts.size(); ++cut) {
            SCOPED_TRACE(kCuts.at(cut));
            const std::vector<double> executed = world.executed(seed, cut);
            EXPECT_NEAR(mean_of(executed), right.mean, 6 * std::sqrt(right.variance / kRequests));
            ratios.at(cut).add(variance_of(executed), right);
        }
        if (HasFailure()) return;
    }
    for (std::size_t cut = 0; cut < kCuts.size(); ++cut) {
        const Ratios& all = ratios.at(cut);
        EXPECT_GT(all.worlds, static_cast<int>(kWorlds) * 9 / 10);
        EXPECT_NEAR(all.sum / all.worlds, 1, 4 * std::sqrt(all.squared_error) / all.worlds)
            << kCuts.at(cut);
    }
    EXPECT_GT(told_apart, static_cast<int>(kWorlds) / 2);
}

}  // namespace
}  // namespace swaplab::laws
