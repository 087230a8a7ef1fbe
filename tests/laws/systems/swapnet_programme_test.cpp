// SwapNet's partition is the one that a plain programme over all states (start of the block before,
// start, end) finds, ties included: models of up to 60 units, also such that share and gather.
#include <gtest/gtest.h>

#include "policies/systems/swapnet/costs.h"
#include "policies/systems/swapnet/least_peak.h"
#include "tests/laws/oracle/swapnet_programme.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/sharing_model.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::PlatformShape;
using testing::Rng;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 60 : 400;

struct World {
    explicit World(std::uint64_t seed) : rng(seed * 7919 + 5) {
        ModelShape model_shape;
        PlatformShape shape;
        model_shape.most_layers = SWAPLAB_SANITIZED ? 14 : rng.chance(20) ? 60 : 24;
        if (seed % 3 == 0) model_shape.scale = shape.scale = 6;  // ties
        shape.fractional = seed % 3 == 1;
        shape.free_hand_offs = rng.chance(30);
        shape.read_table = rng.chance(20);
        shape.most_alignment = rng.chance(30) ? model_shape.scale / 2 : 1;
        model_shape.percent_grouped = rng.chance(20) ? 40 : 0;
        model_shape.percent_without_parameters = rng.chance(30) ? 60 : 15;
        model_shape.percent_stored = rng.chance(20) ? 50 : 0;
        model = rng.chance(25) ? testing::sharing_model(seed, rng.chance(50) ? 0 : 5)
                               : testing::random_model(seed, model_shape);
        platform = testing::random_platform(seed, shape);
        path = rng.chance(40)   ? SwapPath::staged
               : rng.chance(20) ? SwapPath::standard
                                : SwapPath::zero_copy;
        account = rng.chance(50) ? Account::all : Account::parameters;
    }
    std::optional<std::uint32_t> some_blocks(std::uint32_t finest) {
        if (rng.chance(50)) return std::nullopt;
        return static_cast<std::uint32_t>(rng.between(1, rng.chance(50) ? 1 + finest / 4 : finest));
    }

    Rng rng;
    ModelPtr model;
    Platform platform;
    SwapPath path{};
    Account account{};
};

void expect_equal_costs(const SwapnetCosts& costs, const oracle::ProgrammeCosts& expected) {
    SwapnetCosts::Columns before;
    SwapnetCosts::Columns behind;
    for (std::uint32_t i = 0; i < costs.finest(); ++i) {
        costs.blocks_behind(i, i + 1, costs.finest(), behind);
        for (std::uint32_t j = i + 1; j <= costs.finest(); ++j) {
            SCOPED_TRACE(text("block [{}, {})", i, j));
            costs.blocks_before(j, i, i + 1, before);
            EXPECT_EQ(costs.in(i, j), expected.in(i, j));
            EXPECT_EQ(costs.out(i, j), expected.out(i, j));
            EXPECT_EQ(costs.execute(i, j), expected.execute(i, j));
            EXPECT_EQ(costs.first(i, j), expected.first(i, j));
            EXPECT_EQ(costs.active(i, j), expected.active(i, j));
            EXPECT_EQ(behind.in[j - i - 1], expected.in(i, j));
            EXPECT_EQ(behind.held[j - i - 1], costs.held(i, j));
            EXPECT_EQ(behind.active[j - i - 1], expected.active(i, j));
            EXPECT_EQ(before.out.front(), expected.out(i, j));
            EXPECT_EQ(before.execute.front(), expected.execute(i, j));
        }
    }
}

void expect_same_plan(const std::optional<SwapnetPartition>& found,
                      const std::optional<SwapnetPartition>& expected) {
    ASSERT_EQ(found.has_value(), expected.has_value());
    if (!found) return;
    EXPECT_EQ(found->closed_form, expected->closed_form);
    EXPECT_EQ(found->peak, expected->peak);
    EXPECT_EQ(found->blocks, expected->blocks);
}

TEST(SwapnetProgramme, FindsTheSamePlans) {
    std::uint64_t plans = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        World world(seed);
        const CostModel cost(*world.model, world.platform);
        const PartitionRequest request{cost, NodeId{}, {}, world.account, {}, {}};
        const SwapnetCosts costs(request, world.path);
        const oracle::ProgrammeCosts expected(request, world.path);
        expect_equal_costs(costs, expected);
        const auto blocks = world.some_blocks(costs.finest());
        const std::int64_t least = least_peak(costs, blocks);
        EXPECT_EQ(least, oracle::programme_minimum(expected, blocks));
        const std::int64_t whole = world.model->parameter_bytes().count;
        for (const std::int64_t budget :
             {least - 1, least, least + 1, world.rng.between(least, 2 * least),
              world.rng.between(least, least + whole), 4 * (least + whole)}) {
            SCOPED_TRACE(text("budget {} blocks {}", budget, blocks.value_or(0)));
            const auto plan = partition_swapnet(costs, {budget}, blocks);
            plans += static_cast<std::uint64_t>(plan.has_value());
            expect_same_plan(plan, oracle::programme_partition(expected, {budget}, blocks));
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(plans, kWorlds);
}

// A model of equal layers has very many best partitions, of which one is chosen.
TEST(SwapnetProgramme, SettlesTiesOfEqualLayers) {
    for (const double execution : {4.0, 1.0, 0.25}) {
        ModelSpec spec;
        spec.name = "equal";
        for (int l = 0; l < (SWAPLAB_SANITIZED ? 30 : 120); ++l) {
            Layer& layer = spec.layers.emplace_back();
            layer.name = text("layer{}", l);
            layer.parameter_bytes = {3'000'000};
            layer.parameter_tensors = 3;
            layer.macs = 1'500'000;
        }
        const Model model(std::move(spec));
        Platform platform = testing::random_platform(1);
        Node& node = platform.nodes.front();
        node.read.cost = {.per_byte = 0.5, .per_request = 80'000};
        node.cost(Activity::assemble) = {.per_tensor = 20'000};
        node.cost(Activity::release) = {.per_tensor = 5'000};
        node.execute.other = {.per_flop = 0.5 * execution};
        const CostModel cost(model, platform);
        const PartitionRequest request{cost, NodeId{}, {}, Account::all, {}, {}};
        const SwapnetCosts costs(request, SwapPath::zero_copy);
        const oracle::ProgrammeCosts expected(request, SwapPath::zero_copy);
        for (const int percent : {200, 100, 60, 30, 11}) {
            SCOPED_TRACE(text("execution {} budget {} %", execution, percent));
            const Bytes budget{model.parameter_bytes().count * percent / 100};
            expect_same_plan(partition_swapnet(costs, budget, {}),
                             oracle::programme_partition(expected, budget, {}));
        }
    }
}

// With neighbours as one, and so much more memory, a plan costs at most a run more for each block.
TEST(SwapnetProgramme, MergedNeighboursCostLittle) {
    std::uint64_t merged_some = 0;
    SWAPLAB_FOR_SEEDS(seed, 5001, kWorlds) {
        World world(seed);
        const CostModel cost(*world.model, world.platform);
        const PartitionRequest request{cost, NodeId{}, {}, world.account, {}, {}};
        const SwapnetCosts costs(request, world.path);
        const std::int64_t copies = peak_copies(world.path, cost.node().compute);
        const std::int64_t least = least_peak(costs, {});
        const std::int64_t budget = world.rng.between(least, 3 * least);
        const std::int64_t run = budget / world.rng.between(3, 12);
        const SwapnetCosts merged = costs.merged(run);
        const auto exact = partition_swapnet(costs, {budget}, {});
        const auto found = partition_swapnet(merged, {budget + (copies + 1) * run}, {});
        ASSERT_TRUE(exact && found);
        std::int64_t dearest = 0;
        for (std::uint32_t i = 0; i < merged.finest(); ++i)
            dearest = std::max(
                dearest, merged.in(i, i + 1) + merged.execute(i, i + 1) + merged.out(i, i + 1));
        const auto blocks = static_cast<std::int64_t>(exact->blocks.size());
        EXPECT_LE(count_ns(found->closed_form),
                  count_ns(exact->closed_form) + (blocks + 1) * (dearest + 3));
        merged_some += static_cast<std::uint64_t>(merged.finest() < costs.finest());
        if (HasFailure()) return;
    }
    EXPECT_GT(merged_some, kWorlds / 4);
}

}  // namespace
}  // namespace swaplab::laws
