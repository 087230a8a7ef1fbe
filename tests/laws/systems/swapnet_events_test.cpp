// SwapNet keeps two blocks: every span is its event recurrence, and no request takes longer than
// the closed form, where nothing contends.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/laws/oracle/swapnet.h"
#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

// What the pair of the last block and the next request's first needs of the budget.
double boundary_pair(const Model& model, const Platform& platform, const RunResult& result,
                     const oracle::Table& table, Account account) {
    const auto blocks = blocks_of(result);
    double bytes = blocks.size() > 1 ? table.front().bytes + table.back().bytes : 0;
    if (account == Account::parameters) return bytes;
    const oracle::Tensors tensors = tensors_of(model);
    const auto activations = [&](UnitRange r) {
        return static_cast<double>(oracle::activation_peak(tensors, r.first, r.last));
    };
    return bytes + std::max(activations(blocks.front()), activations(blocks.back())) +
           static_cast<double>(platform.nodes[0].memory.reserved.count);
}

// SwapNet's events with the blocks that it planned, at budgets from plenty down to the minimum.
void expect_swapnet(const World& world, const Options& options) {
    SCOPED_TRACE(text("{} {} budget {}", name_of(options.mode), name_of(options.account),
                      options.budget->count));
    const CostModel cost(*world.model, world.platform);
    const auto actual = simulate(world.platform, world.model, "swapnet", options);
    ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
    const oracle::Table table = table_of(cost, blocks_of(actual.result));
    const double pair = oracle::largest_pair(table);
    const bool overlap =
        boundary_pair(*world.model, world.platform, actual.result, table, options.account) <=
        static_cast<double>(options.budget->count);
    expect_timeline(
        oracle::swapnet_events(table, pair, 0, world.count(), mode_of(options.mode), overlap),
        table, 0, actual);
    EXPECT_EQ(static_cast<double>(actual.result.memory.arena_bytes.count), pair);
    EXPECT_LE(actual.result.memory.peak, *options.budget);
    ASSERT_TRUE(actual.result.closed_form);
    const double closed = oracle::swapnet_closed_form(table);
    EXPECT_EQ(static_cast<double>(count_ns(*actual.result.closed_form)), closed);
    if (options.mode != ArrivalMode::cold) return;
    EXPECT_LE(static_cast<double>(count_ns(actual.result.latency.max)), closed);
}

TEST(SwapNetEvents, KeepTwoBlocks) {
    SWAPLAB_FOR_SEEDS(seed, 7001, kTables) {
        const World world(seed);
        Rng rng(seed);
        for (const ArrivalMode mode : kModes) {
            Options options = world.options(mode);
            options.account = rng.chance(50) ? Account::all : Account::parameters;
            const auto least = testing::minimum_of(world.platform, world.model, "swapnet", options);
            ASSERT_TRUE(least);
            const std::int64_t all =
                std::max(least->count, 2 * world.model->parameter_bytes().count);
            for (const Bytes budget : {*least, Bytes{rng.between(least->count, all)}, kPlenty}) {
                if (budget.count == 0) continue;
                options.budget = budget;
                expect_swapnet(world, options);
            }
        }
        if (HasFailure()) return;
    }
}

// Small models with much workspace at their tightest, where requests meet.
TEST(SwapNetEvents, StreamAtTheMinimum) {
    SWAPLAB_FOR_SEEDS(seed, 7501, 2 * kTables) {
        World world(seed);
        ModelShape shape;
        shape.least_layers = 4;
        shape.most_layers = 7;
        shape.scale = 40;
        shape.percent_huge = 30;
        world.model = random_model(seed, shape);
        world.requests = 3;
        Options options = world.options(ArrivalMode::stream);
        options.budget = testing::minimum_of(world.platform, world.model, "swapnet", options);
        if (options.budget->count > 0) expect_swapnet(world, options);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
