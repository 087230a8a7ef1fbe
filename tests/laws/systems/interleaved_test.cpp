// oom-free and flexinfer: what stays, by hand and by the published rule, and when things happen,
// against recurrences of their own.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "tests/laws/oracle/pipeload.h"
#include "tests/laws/oracle/table.h"
#include "tests/laws/tables.h"
#include "tests/support/generative_model.h"
#include "tests/support/llama_model.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 40 : 400;

// 1 ns a byte read, 50 ns a layer, nothing else costs anything.
Platform by_hand_platform() {
    Platform platform = testing::plain_platform();
    platform.nodes.front().execute.other.per_layer = 50;
    return platform;
}

// Layers of these sizes, one behind the other, without activations.
ModelPtr chain_of(const std::vector<std::pair<std::string, std::int64_t>>& layers) {
    ModelSpec spec;
    spec.name = "by-hand";
    Source from;
    for (const auto& [name, bytes] : layers) {
        Layer& layer = spec.layers.emplace_back();
        layer.name = name;
        layer.op = OpClass::other;
        layer.inputs = {from};
        layer.parameter_bytes = Bytes{bytes};
        layer.parameter_tensors = 1;
        from = LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)};
    }
    return std::make_shared<const Model>(std::move(spec));
}
ModelPtr equal_layers(int count, std::int64_t bytes) {
    std::vector<std::pair<std::string, std::int64_t>> layers;
    for (int i = 0; i < count; ++i) layers.emplace_back("layer" + std::to_string(i), bytes);
    return chain_of(layers);
}

Options stream_within(std::int64_t budget, std::int64_t requests) {
    Options options;
    options.budget = Bytes{budget};
    options.account = Account::parameters;
    options.mode = ArrivalMode::stream;
    options.requests = requests;
    return options;
}

JobPlan plan_with(const Platform& platform, const ModelPtr& model, const char* system,
                  const Options& options) {
    return std::get<Deployment>(plan_of(platform, model, system, options)).jobs.front();
}

std::vector<std::size_t> kept_in(const JobPlan& plan) {
    std::vector<std::size_t> kept;
    for (std::size_t b = 0; b < plan.blocks.size(); ++b)
        if (plan.keeps(BlockId{static_cast<std::uint32_t>(b)})) kept.push_back(b);
    return kept;
}

using Indices = std::vector<std::size_t>;

// k = floor((budget - 2 * 100) / 100) at floor(i * 9 / k).
TEST(OomFree, KeepsByTheFormula) {
    const Platform platform = by_hand_platform();
    const ModelPtr model = equal_layers(10, 100);
    const auto kept = [&](std::int64_t budget) {
        return kept_in(plan_with(platform, model, "oom-free", stream_within(budget, 2)));
    };
    EXPECT_EQ(kept(200), Indices{});
    EXPECT_EQ(kept(299), Indices{});
    EXPECT_EQ(kept(300), Indices{0});
    EXPECT_EQ(kept(450), (Indices{0, 4}));
    EXPECT_EQ(kept(500), (Indices{0, 3, 6}));
    EXPECT_EQ(kept(600), (Indices{0, 2, 4, 6}));
    EXPECT_EQ(testing::minimum_of(platform, model, "oom-free", stream_within(0, 1)), Bytes{200});
    // All of them need no buffers: 10 layers in 1000 bytes, where the formula has 8.
    EXPECT_EQ(kept(999), (Indices{0, 1, 2, 3, 5, 6, 7}));
    EXPECT_EQ(kept(1000).size(), 10U);
}

// Ten layers of 100 ns reads and 50 ns executions. Streamed alone: 10 reads, one behind the other,
// and the last execution, 1050; then 1000 a request, as reading never stops. With k = 4 at 0, 2, 4,
// 6 six are read: 600 a request once the kept are there.
TEST(OomFree, TakesWhatItsReadsTake) {
    const Platform platform = by_hand_platform();
    const ModelPtr model = equal_layers(10, 100);
    const RunResult streamed =
        simulate(platform, model, "oom-free", stream_within(200, 3)).result;
    EXPECT_EQ(streamed.jobs.front().turns[0], Duration{1050});
    EXPECT_EQ(streamed.jobs.front().turns[1], Duration{1000});
    EXPECT_EQ(streamed.jobs.front().turns[2], Duration{1000});
    const RunResult kept = simulate(platform, model, "oom-free", stream_within(600, 4)).result;
    EXPECT_EQ(kept.jobs.front().turns[3], Duration{600});
    EXPECT_EQ(kept.swapped_in, Bytes{400 + 4 * 600});
    EXPECT_EQ(kept.memory.peak, Bytes{600});
    // Everything there: ten executions.
    const RunResult all = simulate(platform, model, "oom-free", stream_within(1000, 2)).result;
    EXPECT_EQ(all.jobs.front().turns[1], Duration{500});
}

// Where one layer is large, keeping it takes less than two buffers for it.
TEST(OomFree, KeepsALargeFirstLayerForWantOfBuffers) {
    const Platform platform = by_hand_platform();
    const ModelPtr model = chain_of({{"large", 900}, {"a", 100}, {"b", 100}, {"c", 100}});
    EXPECT_EQ(testing::minimum_of(platform, model, "oom-free", stream_within(0, 1)), Bytes{1100});
    EXPECT_EQ(kept_in(plan_with(platform, model, "oom-free", stream_within(1150, 2))), Indices{0});
}

// A double buffer by the page: the k-th layer that is read begins when the one before is in and the
// one before that is gone; layers that stay are read in the first request, among the others.
struct DoubleBuffer {
    std::vector<double> turns;

    DoubleBuffer(const oracle::Table& table, const std::vector<bool>& stays, int requests,
                 std::size_t lanes) {
        oracle::AssemblyLanes assembly(lanes);
        double reading = 0, executing = 0, gone = 0, gone_before = 0, last = 0;
        std::vector<double> own(table.size());
        for (int request = 0; request < requests; ++request) {
            for (std::size_t i = 0; i < table.size(); ++i) {
                const oracle::Item& item = table[i];
                const bool streams = item.has_parameters() && !stays[i];
                double ready = 0;
                if (streams) {
                    reading = std::max({reading, gone_before, own[i]}) + item.read;
                    ready = assembly.run(reading, item.assemble);
                }
                executing = std::max(executing, ready) + item.execute;
                if (!streams) continue;
                gone_before = gone;
                gone = own[i] = executing + item.release;
            }
            turns.push_back(executing - last);
            last = executing;
        }
    }
};

struct World {
    World(std::uint64_t seed, const char* system) {
        Rng rng(seed);
        PlatformShape shape;
        shape.fractional = rng.chance(50);
        ModelShape model_shape;
        model_shape.most_layers = 12;
        platform = testing::random_platform(seed, shape);
        model = testing::random_model(seed, model_shape);
        options.mode = ArrivalMode::stream;
        options.requests = 4;
        options.account = rng.chance(50) ? Account::all : Account::parameters;
        const Bytes least = testing::minimum_of(platform, model, system, options).value();
        const Bytes most = 2 * model->parameter_bytes() + least;
        options.budget = least + Bytes{rng.between(0, (most - least).count)};
    }
    Platform platform;
    ModelPtr model;
    Options options;
};

// As many as fit: with one more, what stays, and the two buffers, are over the budget.
TEST(OomFree, KeepsAsManyAsFit) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        World world(seed, "oom-free");
        world.options.account = Account::parameters;
        const oracle::Table table = unit_table(CostModel(*world.model, world.platform));
        if (testing::minimum_of(world.platform, world.model, "oom-free", world.options).value() >
            *world.options.budget)
            continue;
        std::vector<std::size_t> loaded;
        for (std::size_t i = 0; i < table.size(); ++i)
            if (table[i].has_parameters()) loaded.push_back(i);
        Indices expected;
        const auto n = loaded.size();
        for (std::size_t k = 0; k <= n; ++k) {
            Indices stays;
            for (std::size_t i = 0; i < k; ++i)
                stays.push_back(loaded[k == n ? i : i * (n - 1) / k]);
            double kept = 0, largest = 0;
            for (const std::size_t i : loaded)
                if (std::ranges::find(stays, i) != stays.end())
                    kept += table[i].bytes;
                else
                    largest = std::max(largest, table[i].bytes);
            if (kept + 2 * largest <= static_cast<double>(world.options.budget->count))
                expected = stays;
        }
        EXPECT_EQ(
            kept_in(plan_with(world.platform, world.model, "oom-free", world.options)), expected);
    }
}

TEST(OomFree, RunsAsTheRecurrenceSays) {
    int with_kept = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const World world(seed, "oom-free");
        const JobPlan plan =
            plan_with(world.platform, world.model, "oom-free", world.options);
        const oracle::Table table = unit_table(CostModel(*world.model, world.platform));
        std::vector<bool> stays(table.size());
        for (const std::size_t i : kept_in(plan)) stays[i] = true;
        const RunResult run =
            simulate(world.platform, world.model, "oom-free", world.options).result;
        ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
        EXPECT_LE(run.memory.peak, *world.options.budget);
        if (world.options.account == Account::parameters) {
            EXPECT_EQ(run.memory.in_use, Bytes{});
        }
        with_kept += static_cast<int>(!kept_in(plan).empty());
        // The prediction begins with what stays in place, the run reads it first.
        const DoubleBuffer expected(table, stays, 2,
                                    world.platform.nodes.front().assemble_lanes);
        EXPECT_EQ(static_cast<double>(plan.at_start().steady_pass->count()), expected.turns[1]);
        if (!kept_in(plan).empty()) continue;
        for (std::size_t r = 0; r < 2; ++r)
            EXPECT_EQ(static_cast<double>(run.jobs.front().turns[r].count()), expected.turns[r]);
    }
    EXPECT_GT(with_kept, static_cast<int>(kWorlds / 4));
}

// By hand: two types, the larger first, evenly interleaved; beside them a window of two tensors.
TEST(Flexinfer, LocksTypeByTypeTheLargestFirst) {
    const Platform platform = by_hand_platform();
    std::vector<std::pair<std::string, std::int64_t>> layers;
    for (int i = 0; i < 4; ++i) {
        layers.emplace_back("h." + std::to_string(i) + ".attention", 100);
        layers.emplace_back("h." + std::to_string(i) + ".ffn", 300);
    }
    const ModelPtr model = chain_of(layers);
    const auto kept = [&](std::int64_t budget) {
        return kept_in(
            plan_with(platform, model, "flexinfer:threads=1", stream_within(budget, 2)));
    };
    EXPECT_EQ(kept(400), Indices{});
    EXPECT_EQ(kept(699), Indices{});
    EXPECT_EQ(kept(700), Indices{1});
    EXPECT_EQ(kept(1000), (Indices{1, 3}));
    EXPECT_EQ(kept(1300), (Indices{1, 3, 5}));
    // All of the large ones leave a window of 200, all but one of the small ones of 100.
    EXPECT_EQ(kept(1400), (Indices{1, 3, 5, 7}));
    EXPECT_EQ(kept(1500), (Indices{0, 1, 3, 5, 7}));
    EXPECT_EQ(kept(1600).size(), 8U);
}

// Whatever the budget, what two layers have left to read differs by at most one tensor of one type.
TEST(Flexinfer, LeavesEveryLayerAboutAsMuchToRead) {
    const auto model = std::make_shared<const Model>(testing::llama_1b(16, 2));
    const Platform platform = by_hand_platform();
    Options options;
    constexpr std::int64_t largest = 2 * 2048 * 8192;
    for (int tenth = 6; tenth <= 10; ++tenth) {
        options.budget = Bytes{model->parameter_bytes().count / 10 * tenth};
        const JobPlan plan = plan_with(platform, model, "flexinfer:threads=2", options);
        const CostModel cost(*model, platform);
        std::vector<std::int64_t> left(16);
        for (std::uint32_t b = 1; b + 2 < plan.blocks.size(); ++b)
            if (!plan.keeps(BlockId{b}))
                left[(b - 1) / 8] += cost.parameter_bytes(plan.blocks[BlockId{b}]).count;
        const auto [least, most] = std::ranges::minmax(left);
        EXPECT_LE(most - least, largest) << tenth;
        EXPECT_LT(least, 3 * largest) << tenth;
    }
}

TEST(Flexinfer, RunsAsTheRecurrenceSays) {
    int with_kept = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const char* system = seed % 2 == 0 ? "flexinfer:threads=1" : "flexinfer";
        const World world(seed, system);
        const JobPlan plan = plan_with(world.platform, world.model, system, world.options);
        const RunResult run = simulate(world.platform, world.model, system, world.options).result;
        ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
        EXPECT_LE(run.memory.peak, *world.options.budget);
        if (world.options.account == Account::parameters) {
            EXPECT_EQ(run.memory.in_use, Bytes{});
        }
        const oracle::Table whole = unit_table(CostModel(*world.model, world.platform));
        oracle::Table table = whole;
        double kept = 0;
        for (const std::size_t i : kept_in(plan)) {
            kept += whole[i].bytes;
            table[i] = {.execute = whole[i].execute};
        }
        with_kept += static_cast<int>(kept > 0);
        EXPECT_LE(kept + static_cast<double>(plan.at_start().arena.capacity.count),
                  static_cast<double>(world.options.budget->count));
        if (seed % 2 != 0) continue;
        const oracle::Timeline expected =
            oracle::pipeload(table, 1, static_cast<double>(plan.at_start().arena.capacity.count), 2,
                             oracle::Mode::stream, world.platform.nodes.front().assemble_lanes);
        EXPECT_EQ(static_cast<double>(plan.at_start().steady_pass->count()), expected.latencies[1]);
    }
    EXPECT_GT(with_kept, static_cast<int>(kWorlds / 4));
}

}  // namespace
}  // namespace swaplab::laws
