// Memory at its limits: what the policies need at the least, what the swap paths hold, what a
// budget buys.
#include <gtest/gtest.h>

#include <array>

#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 60 : 200;

// Parameter memory at the least (SYSTEMS: Demand Layering): two-stage L, async and sequential 2L,
// sync 4L; on-demand and pipeload L; standard-swap 4L or 3L; load-all and pipeswitch everything.
TEST(Budget, LeastParameterMemory) {
    SWAPLAB_FOR_SEEDS(seed, 6701, kWorlds) {
        ModelShape model_shape;
        model_shape.percent_grouped = seed % 3 == 0 ? 40 : 0;
        const ModelPtr model = random_model(seed, model_shape);
        PlatformShape shape;
        shape.most_alignment = seed % 2 == 0 ? 4096 : 1;
        const Platform platform = random_platform(seed, shape);
        const CostModel cost(*model, platform);
        const auto largest = static_cast<std::int64_t>(oracle::largest(unit_table(cost)));
        if (largest == 0) continue;
        const auto all = static_cast<std::int64_t>(item_of(cost, model->whole()).bytes);
        std::int64_t units = 0;  // each aligned
        for (const oracle::Item& unit : unit_table(cost))
            units += static_cast<std::int64_t>(unit.bytes);
        const std::int64_t standard = platform.nodes[0].compute == ComputeKind::gpu ? 4 : 3;
        const std::array<std::pair<const char*, std::int64_t>, 11> expected{
            {{"demand-layering", largest},
             {"demand-layering:buffer=min", largest},
             {"demand-layering:pipeline=async", 2 * largest},
             {"demand-layering:pipeline=sequential", 2 * largest},
             {"demand-layering:pipeline=sync", 4 * largest},
             {"on-demand", largest},
             {"standard-swap", standard * largest},
             {"load-all", all},
             {"pipeload", largest},
             {"pipeload:agents=4", largest},
             {"pipeswitch", units}}};
        Options options;
        options.account = Account::parameters;
        for (const auto& [policy, bytes] : expected)
            EXPECT_EQ(testing::minimum_of(platform, model, policy, options), Bytes{bytes})
                << policy;
        if (HasFailure()) return;
    }
}

// A larger budget never makes SwapNet's plan worse.
TEST(Budget, SwapNetImprovesWithTheBudget) {
    SWAPLAB_FOR_SEEDS(seed, 6901, kWorlds) {
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed, {});
        Options options;
        const auto least = testing::minimum_of(platform, model, "swapnet", options);
        std::int64_t budget = std::max<std::int64_t>(1, least->count);
        std::optional<Duration> before;
        for (int step = 0; step < 8; ++step, budget += model->parameter_bytes().count / 4) {
            options.budget = Bytes{budget};
            const PlanOutcome outcome = testing::plan_of(platform, model, "swapnet", options);
            ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
            const Duration closed = *std::get<Deployment>(outcome).closed_form;
            if (before) {
                EXPECT_LE(closed, *before);
            }
            before = closed;
        }
        if (HasFailure()) return;
    }
}

// In a stream the last block of a request meets the first block of the next: blocks of 5, 5, 1 and
// 1 bytes, the last with a workspace of 5. The only partition within 10 bytes keeps all four (pairs
// 10, 6 and 2 + 5); 1 + 5 bytes fit into the arena together, but not beside the workspace: 11.
TEST(Budget, SwapNetStreamStaysWithinTheBudgetBetweenRequests) {
    ModelSpec spec;
    spec.name = "wrap";
    for (const std::int64_t bytes : {5, 5, 1, 1}) {
        Layer layer;
        layer.name = text("layer{}", spec.layers.size());
        if (!spec.layers.empty())
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)}};
        layer.parameter_bytes = {bytes};
        layer.parameter_tensors = 1;
        layer.macs = 10;
        spec.layers.push_back(layer);
    }
    spec.layers.back().workspace_bytes = {5};
    const auto model = std::make_shared<const Model>(spec);
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    platform.nodes[0].memory.capacity = {1 << 20};
    platform.nodes[0].read.cost.per_byte = 1;
    platform.nodes[0].execute.other.per_flop = 1;
    Options options;
    options.budget = Bytes{10};
    options.mode = ArrivalMode::stream;
    options.requests = 3;
    const auto run = simulate(platform, model, "swapnet", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(run.result.jobs[0].blocks.size(), 4U);
    EXPECT_LE(run.result.memory.peak, *options.budget);
}

// What the swap paths hold at their peak: s, 2s, 4s on a gpu and 3s on a cpu.
TEST(Budget, SwapPathsHoldWhatTheySay) {
    SWAPLAB_FOR_SEEDS(seed, 7001, kWorlds) {
        ModelShape one;
        one.most_layers = 1;
        one.percent_without_parameters = 0;
        const ModelPtr model = random_model(seed, one);
        PlatformShape shape;
        shape.most_alignment = 4096;
        shape.positive = true;
        Platform platform = random_platform(seed, shape);
        for (const ComputeKind compute : {ComputeKind::gpu, ComputeKind::cpu}) {
            platform.nodes[0].compute = compute;
            const std::int64_t copies = compute == ComputeKind::gpu ? 4 : 3;
            const std::array<std::pair<SwapPath, std::int64_t>, 3> expected{
                {{SwapPath::zero_copy, 1}, {SwapPath::staged, 2}, {SwapPath::standard, copies}}};
            const Bytes held =
                align_up(model->parameter_bytes(), platform.nodes[0].memory.alignment);
            for (const auto& [path, times] : expected)
                for (const char* policy : {"on-demand", "standard-swap", "swapnet", "load-all"}) {
                    Options options;
                    options.account = Account::parameters;
                    options.path = path;
                    options.budget = held * times;
                    const auto run = simulate(platform, model, policy, options);
                    EXPECT_EQ(run.result.verdict, Verdict::ok) << policy << run.result.reason;
                    EXPECT_EQ(run.result.memory.peak, held * times)
                        << policy << " " << name_of(path);
                    options.budget = held * times - Bytes{1};
                    const auto less = simulate(platform, model, policy, options).result;
                    EXPECT_EQ(less.verdict, Verdict::infeasible) << policy << " " << name_of(path);
                    EXPECT_EQ(less.minimum_budget, held * times) << policy;
                }
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
