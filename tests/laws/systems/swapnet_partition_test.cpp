// SwapNet's partition is the best of all partitions: models of up to 12 units, every cut tried.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/laws/oracle/swapnet.h"
#include "tests/laws/tables.h"
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

constexpr std::uint64_t kModels = SWAPLAB_SANITIZED ? 120 : 400;

struct World {
    explicit World(std::uint64_t seed) {
        Rng rng(seed ^ 0x9a97ULL);
        ModelShape model_shape;
        PlatformShape shape;
        model_shape.most_layers = SWAPLAB_SANITIZED ? 10 : 12;
        if (seed % 3 == 0) model_shape.scale = shape.scale = 6;
        shape.fractional = seed % 3 == 1;
        shape.most_alignment = rng.chance(30) ? model_shape.scale / 2 : 1;
        shape.free_hand_offs = rng.chance(30);
        model_shape.percent_grouped = rng.chance(20) ? 40 : 0;
        model_shape.percent_without_parameters = rng.chance(30) ? 60 : 15;
        model = random_model(seed, model_shape);
        platform = random_platform(seed, shape);
    }

    // Every block's facts from the costs and from a liveness of its own.
    oracle::CandidateOf candidates(Account account) const {
        return [this, account](std::size_t first, std::size_t last) {
            const auto units = model->finest_blocks();
            const UnitRange layers{units[first].first, units[last - 1].last};
            oracle::Candidate candidate;
            candidate.item = item_of(CostModel(*model, platform), layers);
            if (account == Account::all)
                candidate.activations = static_cast<double>(
                    oracle::activation_peak(tensors_of(*model), layers.first, layers.last));
            return candidate;
        };
    }
    double reserved(Account account) const {
        return account == Account::all
                   ? static_cast<double>(platform.nodes[0].memory.reserved.count)
                   : 0.0;
    }

    ModelPtr model;
    Platform platform;
};

std::vector<std::size_t> cuts_of(const Model& model, const JobPlan& job) {
    std::vector<std::size_t> cuts;
    for (std::uint32_t i = 1; i < job.blocks.size(); ++i)
        for (std::size_t u = 0; u < model.finest_blocks().size(); ++u)
            if (model.finest_blocks()[u].first == job.blocks[{i}].first) cuts.push_back(u);
    return cuts;
}

void expect_best(const World& world, const std::string& spec, double delta, std::size_t blocks,
                 Account account, std::int64_t budget) {
    SCOPED_TRACE(text("{} {} budget {}", spec, name_of(account), budget));
    Options options;
    options.account = account;
    options.budget = Bytes{budget};
    const double most = static_cast<double>(budget) * (1 - delta) - world.reserved(account);
    const oracle::Search search = oracle::best_partition(world.model->finest_blocks().size(),
                                                         world.candidates(account), most, blocks);
    const PlanOutcome outcome = testing::plan_of(world.platform, world.model, spec, options);
    if (!search.best) {
        ASSERT_TRUE(std::holds_alternative<Infeasible>(outcome)) << "nothing fits";
        const double least = std::ceil((search.least_peak + world.reserved(account)) / (1 - delta));
        EXPECT_EQ(static_cast<double>(std::get<Infeasible>(outcome).minimum_budget.count), least);
        EXPECT_FALSE(std::get<Infeasible>(outcome).reason.empty());
        EXPECT_FALSE(std::get<Infeasible>(outcome).layers.empty())
            << std::get<Infeasible>(outcome).reason;
        const auto verdict = testing::simulate(world.platform, world.model, spec, options).result;
        EXPECT_EQ(verdict.verdict, Verdict::infeasible);
        EXPECT_EQ(static_cast<double>(verdict.minimum_budget.count), least);
        return;
    }
    ASSERT_TRUE(std::holds_alternative<Deployment>(outcome))
        << std::get<Infeasible>(outcome).reason << " minimum "
        << std::get<Infeasible>(outcome).minimum_budget.count;
    const Deployment& deployment = std::get<Deployment>(outcome);
    ASSERT_TRUE(deployment.closed_form);
    EXPECT_EQ(static_cast<double>(count_ns(*deployment.closed_form)), search.best->closed_form);
    EXPECT_EQ(cuts_of(*world.model, deployment.jobs[{0}]), search.best->cuts);
}

// At plenty, at random, at the minimum and just below it.
void expect_best_at_budgets(const World& world, Rng& rng, const std::string& spec, double delta,
                            std::size_t blocks, Account account) {
    const oracle::Search all = oracle::best_partition(world.model->finest_blocks().size(),
                                                      world.candidates(account), 0, blocks);
    const double least_peak = all.least_peak + world.reserved(account);
    const auto least = static_cast<std::int64_t>(std::ceil(least_peak / (1 - delta)));
    std::int64_t whole = world.model->parameter_bytes().count;
    for (const std::int64_t budget :
         {least - 1, least, rng.between(least, 2 * least), rng.between(least, least + whole),
          rng.between(least / 2, least), 4 * (least + whole)})
        if (budget > 0) expect_best(world, spec, delta, blocks, account, budget);
}

TEST(SwapNetPartition, EqualsExhaustiveSearch) {
    SWAPLAB_FOR_SEEDS(seed, 1, kModels) {
        const World world(seed);
        Rng rng(seed);
        for (const Account account : {Account::all, Account::parameters})
            expect_best_at_budgets(world, rng, "swapnet", 0, 0, account);
        if (HasFailure()) return;
    }
}

// Fractions of two, so that b * (1 - delta) has no rounding to argue about.
TEST(SwapNetPartition, LeavesASlackOfDelta) {
    SWAPLAB_FOR_SEEDS(seed, 10001, kModels / 2) {
        const World world(seed);
        Rng rng(seed);
        const Account account = rng.chance(50) ? Account::all : Account::parameters;
        if (rng.chance(50))
            expect_best_at_budgets(world, rng, "swapnet:delta=0.25", 0.25, 0, account);
        else
            expect_best_at_budgets(world, rng, "swapnet:delta=0.5", 0.5, 0, account);
        if (HasFailure()) return;
    }
}

// The double next to 0.001 is above it, by less than a long double of 64 binary digits can tell
// from 1 - 0.001: 1000000 bytes less that share are below 999000.
TEST(SwapNetPartition, TakesDeltaExactly) {
    ModelSpec spec;
    spec.name = "single";
    spec.layers.emplace_back().name = "layer";
    spec.layers.front().parameter_bytes = {999000};
    spec.layers.front().parameter_tensors = 1;
    const auto model = std::make_shared<const Model>(std::move(spec));
    const auto platform = random_platform(1);
    Options options;
    options.account = Account::parameters;
    EXPECT_EQ(testing::minimum_of(platform, model, "swapnet", options), Bytes{999000});
    EXPECT_EQ(testing::minimum_of(platform, model, "swapnet:delta=0.001", options), Bytes{1000001});
    EXPECT_EQ(testing::minimum_of(platform, model, "swapnet:delta=1e-300", options), Bytes{999001});
}

TEST(SwapNetPartition, WithAGivenNumberOfBlocks) {
    SWAPLAB_FOR_SEEDS(seed, 20001, kModels / 2) {
        const World world(seed);
        Rng rng(seed);
        const auto units = static_cast<std::int64_t>(world.model->finest_blocks().size());
        const std::int64_t blocks = rng.between(1, units);
        const Account account = rng.chance(50) ? Account::all : Account::parameters;
        expect_best_at_budgets(world, rng, text("swapnet:blocks={}", blocks), 0,
                               static_cast<std::size_t>(blocks), account);
        if (HasFailure()) return;
    }
}

TEST(SwapNetPartition, MinimumBudgetIsTheLeastPeak) {
    SWAPLAB_FOR_SEEDS(seed, 30001, kModels) {
        const World world(seed);
        for (const Account account : {Account::all, Account::parameters}) {
            Options options;
            options.account = account;
            const auto least = testing::minimum_of(world.platform, world.model, "swapnet", options);
            ASSERT_TRUE(least);
            const oracle::Search all = oracle::best_partition(world.model->finest_blocks().size(),
                                                              world.candidates(account), 0);
            // A budget is positive, so a model that needs nothing needs a byte or nothing.
            EXPECT_EQ(static_cast<double>(std::max<std::int64_t>(least->count, 1)),
                      std::max(1.0, all.least_peak + world.reserved(account)));
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
