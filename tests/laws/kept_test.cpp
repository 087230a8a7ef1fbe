// What keeps blocks in memory keeps the right ones, within the budget (SEMANTICS: Kept blocks).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <tuple>

#include "policies/registry.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/oracle/one_at_a_time.h"
#include "tests/laws/oracle/pipeload.h"
#include "tests/laws/tables.h"
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

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 30 : 120;

std::string keeping(const std::string& system, const std::string& keep = "auto") {
    return system + (system.find(':') == std::string::npos ? ":" : ",") + "keep=" + keep;
}

// A world in which nothing contends, so that closed forms hold, and a budget between the least and
// plenty.
struct World {
    World(std::uint64_t seed, std::int64_t layers, std::span<const std::string_view> systems) {
        Rng rng(seed);
        PlatformShape shape;
        shape.fractional = rng.chance(50);
        shape.most_assemble_lanes = 2;
        ModelShape model_shape;
        model_shape.most_layers = layers;
        if (seed % 3 == 0) model_shape.scale = shape.scale = 6;  // ties
        platform = random_platform(seed, shape);
        model = random_model(seed, model_shape);
        options.mode = ArrivalMode::stream;
        options.requests = 4;
        options.account = rng.chance(50) ? Account::all : Account::parameters;
        system = systems[seed % systems.size()];
        least = testing::minimum_of(platform, model, system, options).value();
        const Bytes most = 2 * model->parameter_bytes() + least;
        options.budget = least + Bytes{rng.between(0, (most - least).count)};
    }
    Deployment plan(const std::string& keep = "auto") const {
        return std::get<Deployment>(plan_of(platform, model, keeping(system, keep), options));
    }
    RunResult run(const std::string& keep = "auto") const {
        return simulate(platform, model, keeping(system, keep), options).result;
    }
    Platform platform;
    ModelPtr model;
    Options options;
    std::string system;
    Bytes least;
};

// Rings and agents are left out: where they write goes on over the ends of passes, so that each
// pass may differ from the one before.
constexpr auto kEvenSystems = std::to_array<std::string_view>({
    "on-demand",
    "swapnet",
    "swapnet:delta=0.2",
    "demand-layering:pipeline=sequential",
    "demand-layering:pipeline=sync",
});

TEST(Kept, TheSteadyPassIsThatOfTheRun) {
    int with_kept = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const World world(seed, 13, kEvenSystems);
        SCOPED_TRACE(world.system);
        const Deployment deployment = world.plan();
        const Variant& variant = deployment.jobs.front().at_start();
        const RunResult run = world.run();
        ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
        EXPECT_EQ(run.jobs.front().turns[2], variant.steady_pass);
        EXPECT_LE(run.memory.peak, *world.options.budget);
        with_kept += static_cast<int>(variant.kept_bytes().count > 0);
    }
    EXPECT_GT(with_kept, static_cast<int>(kWorlds / 2));
}

// Kept blocks come in once, all others once a pass.
TEST(Kept, IsReadOnce) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const World world(seed, 13, kEvenSystems);
        SCOPED_TRACE(world.system);
        const Deployment deployment = world.plan();
        const Bytes kept = deployment.jobs.front().at_start().kept_bytes();
        Bytes all;
        for (const BlockFacts& block :
             facts_of(CostModel(*world.model, world.platform), deployment.jobs.front()))
            all += block.stored_bytes;
        EXPECT_EQ(world.run().swapped_in, kept + world.options.requests * (all - kept));
    }
}

// Cold, nothing stays between requests.
TEST(Kept, IsReleasedAtTheEndOfAColdRequest) {
    SWAPLAB_FOR_SEEDS(seed, 1, 20) {
        World world(seed, 12, kEvenSystems);
        world.options.mode = ArrivalMode::cold;
        const RunResult run = world.run();
        ASSERT_EQ(run.verdict, Verdict::ok) << world.system << ": " << run.reason;
        EXPECT_EQ(run.swapped_in.count % world.options.requests, 0);
        EXPECT_EQ(run.jobs.front().latencies.front(), run.jobs.front().latencies.back());
    }
}

// Of BYTES no more is kept, whatever stays in any case.
TEST(Kept, IsNoMoreThanWasAskedFor) {
    SWAPLAB_FOR_SEEDS(seed, 1, 20) {
        const World world(seed, 12, kEvenSystems);
        const std::int64_t most = 1 + world.model->parameter_bytes().count / 3;
        EXPECT_LE(world.plan(std::to_string(most)).jobs.front().at_start().kept_bytes().count, most);
    }
}

TEST(Kept, LeavesWhatStaysInAnyCase) {
    const auto model =
        std::make_shared<const Model>(builtin_model("gpt2-medium", {.tokens = 2}).value());
    const Platform platform = builtin_device("jetson-orin-nano").value();
    Options options;
    options.budget = model->parameter_bytes();
    const auto bytes_with = [&](const char* keep) {
        const PlanOutcome plan = plan_of(platform, model, keeping("pipeload", keep), options);
        return std::get<Deployment>(plan).jobs.front().at_start().kept_bytes();
    };
    const Bytes embeddings = bytes_with("1B");
    EXPECT_GT(embeddings, Bytes{200'000'000});  // wte alone is 50257 rows of 4 KiB
    EXPECT_LE(bytes_with("100MB"), embeddings + Bytes{100'000'000});
    EXPECT_GT(bytes_with("100MB"), embeddings);
}

// --- Against all sets ---------------------------------------------------------------------------

// What a system needs beside what is kept, and what the second of two queued requests takes then:
// of a table in which what is kept has no parameters, and the bytes that are left.
struct Brute {
    std::function<double(const oracle::Table& streamed)> least;
    std::function<double(const oracle::Table& streamed, double left, std::size_t lanes)> steady;
};

double neighbours(const oracle::Table& table, std::size_t count) {
    std::vector<double> bytes;
    for (const oracle::Item& item : table)
        if (item.has_parameters()) bytes.push_back(item.bytes);
    double most = 0;
    for (std::size_t first = 0; first < bytes.size(); ++first) {
        double sum = 0;
        for (std::size_t k = 0; k < std::min(count, bytes.size()); ++k)
            sum += bytes[(first + k) % bytes.size()];
        most = std::max(most, sum);
    }
    return most;
}

Brute brute_of(std::string_view system) {
    const auto stream = oracle::Mode::stream;
    if (system == "on-demand")
        return {oracle::largest, [=](const oracle::Table& table, double, std::size_t) {
                    return oracle::one_at_a_time(table, 0, 2, stream).latencies[1];
                }};
    if (system == "demand-layering:buffer=min")
        return {oracle::largest, [=](const oracle::Table& table, double, std::size_t lanes) {
                    const double ring = oracle::largest(table);
                    return oracle::two_stage(table, ring, 2, stream, lanes).latencies[1];
                }};
    return {oracle::largest, [=](const oracle::Table& table, double left, std::size_t lanes) {
                const double arena = std::min(left, neighbours(table, 2));
                return oracle::pipeload(table, 1, arena, 2, stream, lanes).latencies[1];
            }};
}

constexpr auto kBruteSystems = std::to_array<std::string_view>({
    "on-demand",
    "demand-layering:buffer=min",
    "pipeload:agents=1",
});

// The least steady pass of all sets that fit, then the fewest bytes, then the first layers.
TEST(Kept, IsTheBestOfAllSets) {
    int sets = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        World world(seed, 9, kBruteSystems);
        world.options.account = Account::parameters;
        SCOPED_TRACE(world.system);
        const Brute brute = brute_of(world.system);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        const std::size_t lanes = world.platform.nodes.front().assemble_lanes;
        const auto budget = static_cast<double>(world.options.budget->count);
        std::tuple<double, double, std::vector<bool>> best{1e300, 0, {}};
        for (std::uint32_t mask = 0; mask < 1U << table.size(); ++mask) {
            oracle::Table streamed = table;
            double kept = 0;
            std::vector<bool> moved(table.size());  // false sorts first: the first layers are kept
            for (std::size_t i = 0; i < table.size(); ++i) {
                moved[i] = (mask >> i & 1U) == 0;
                if (moved[i]) continue;
                kept += table[i].bytes;
                streamed[i] = {.execute = table[i].execute};
            }
            if (kept + brute.least(streamed) > budget) continue;
            ++sets;
            best = std::min(best, {brute.steady(streamed, budget - kept, lanes), kept, moved});
        }
        const JobPlan plan = world.plan().jobs.front();
        EXPECT_EQ(static_cast<double>(plan.at_start().steady_pass->count()), std::get<0>(best));
        EXPECT_EQ(static_cast<double>(plan.at_start().kept_bytes().count), std::get<1>(best));
        // What has no parameters is never kept, and never moved either.
        for (std::size_t i = 0; i < table.size(); ++i)
            if (table[i].has_parameters()) {
                EXPECT_EQ(plan.keeps(BlockId{static_cast<std::uint32_t>(i)}),
                          !std::get<2>(best)[i]);
            }
    }
    std::cout << sets << " sets tried\n";
}

}  // namespace
}  // namespace swaplab::laws
