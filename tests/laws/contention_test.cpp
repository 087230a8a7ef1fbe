// Sharing and contention, lanes and places, to the nanosecond: what was submitted is replayed on a
// node that keeps the remaining work of every activity.
#include <gtest/gtest.h>

#include "tests/laws/random_scheduler.h"
#include "tests/laws/replay.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::PlatformShape;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 60 : 250;

PlatformShape everything(std::uint64_t seed) {
    PlatformShape shape;
    if (seed % 3 == 0) shape.scale = 6;
    shape.fractional = seed % 3 == 1;
    shape.contention = seed % 5 != 0;
    shape.speed_ups = seed % 2 == 0;
    shape.concurrency = true;
    shape.after_idle = seed % 4 == 1;
    shape.host_time = seed % 4 == 2;
    shape.read_table = seed % 2 == 1;
    shape.fresh = seed % 6 < 2;
    shape.most_assemble_lanes = 3;
    shape.most_alignment = seed % 7 == 0 ? 512 : 1;
    return shape;
}

ModelShape model_shape(std::uint64_t seed, std::int64_t most_layers) {
    ModelShape shape;
    shape.most_layers = most_layers;
    if (seed % 3 == 0) shape.scale = 6;
    return shape;
}

constexpr std::array<const char*, 11> kPolicies{"on-demand",
                                                "standard-swap",
                                                "swapnet",
                                                "load-all",
                                                "demand-layering:buffer=min",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "demand-layering:pipeline=sequential",
                                                "pipeload",
                                                "pipeload:agents=3",
                                                "pipeswitch"};

TEST(Contention, EveryPolicyIsReplayed) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const ModelPtr model = random_model(seed, model_shape(seed, 8));
        const Platform platform = random_platform(seed, everything(seed));
        for (const char* spec : kPolicies)
            for (const ArrivalMode mode : {ArrivalMode::cold, ArrivalMode::stream}) {
                SCOPED_TRACE(text("{} {}", spec, name_of(mode)));
                Options options;
                options.mode = mode;
                options.requests = 2;
                options.account = seed % 2 == 0 ? Account::all : Account::parameters;
                options.budget = Bytes{std::int64_t{1} << 39};
                if (mode == ArrivalMode::cold)
                    options.budget = testing::minimum_of(platform, model, spec, options);
                if (options.budget->count == 0) options.budget = Bytes{1};
                const Workload workload = workload_of({model}, options);
                const PlanOutcome outcome = testing::plan_of(platform, model, spec, options);
                ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
                const auto actual = simulate(platform, workload, spec, options);
                ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
                expect_replay({platform, workload, std::get<Deployment>(outcome), actual},
                              options.account);
            }
        if (HasFailure()) return;
    }
}

struct World {
    Platform platform;
    std::vector<ModelPtr> models;
    Deployment deployment;
    AllFacts facts;
};

World random_world(std::uint64_t seed) {
    Rng rng(seed ^ 0xc0deULL);
    World world;
    world.platform = random_platform(seed, everything(seed));
    world.deployment.parallel_reads = static_cast<std::uint32_t>(rng.between(1, 4));
    const std::int64_t jobs = rng.between(1, 3);
    constexpr std::array paths{SwapPath::zero_copy, SwapPath::staged, SwapPath::standard};
    for (std::int64_t j = 0; j < jobs; ++j) {
        const std::uint64_t model_seed = seed * 10 + static_cast<std::uint64_t>(j);
        const ModelPtr model = random_model(model_seed, model_shape(seed, 6));
        JobPlan plan({}, paths[static_cast<std::size_t>(rng.between(0, 2))], finest_blocks(*model));
        plan.at_start().arena = {ArenaKind::counter, Bytes{std::int64_t{1} << 38}, 0};
        if (plan.path == SwapPath::staged)
            plan.at_start().staging =
                ArenaPlan{ArenaKind::counter, Bytes{std::int64_t{1} << 38}, 0};
        const CostModel cost(*model, world.platform);
        world.facts.push_back(facts_of(cost, plan.blocks, plan.path));
        world.models.push_back(model);
        world.deployment.jobs.push_back(std::move(plan));
    }
    return world;
}

TEST(Contention, RandomCommandsWithSeveralReadsAndJobs) {
    SWAPLAB_FOR_SEEDS(seed, 1, 4 * kWorlds) {
        const World world = random_world(seed);
        Options options;
        options.mode = ArrivalMode::stream;
        options.account = seed % 2 == 0 ? Account::all : Account::parameters;
        const Workload workload = workload_of(world.models, options);
        RandomScheduler scheduler(seed, workload, world.deployment, world.facts);
        const auto actual =
            simulate(world.platform, workload, world.deployment, scheduler, options);
        ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
        expect_replay({world.platform, workload, world.deployment, actual}, options.account);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
