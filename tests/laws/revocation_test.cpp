// A request that comes before all others takes at most as long as it does alone with the same plan,
// and what runs on each lane when it arrives: one copy, one assembly a lane, one execution, and one
// read for each parallel read of the others; where activities contend, each of these times the
// product of its factors (SEMANTICS: Dispatch). For every system, models of up to 300 layers.
#include <gtest/gtest.h>

#include <algorithm>

#include "policies/registry.h"
#include "policies/run/planning.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 30 : 150;
constexpr Duration kNever{std::int64_t{1} << 50};

constexpr std::array<const char*, 12> kPolicies{"direct",
                                                "load-all",
                                                "on-demand",
                                                "standard-swap",
                                                "swapnet",
                                                "demand-layering:buffer=min",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "demand-layering:pipeline=sequential",
                                                "pipeload",
                                                "pipeload:agents=3",
                                                "pipeswitch"};

// The last job is preferred, by its weight and its deadline.
Workload random_workload(std::uint64_t seed, std::int64_t most_layers) {
    Rng rng(seed ^ 0x7ab7ULL);
    testing::ModelShape shape;
    shape.most_layers = most_layers;
    Workload workload;
    const std::int64_t jobs = rng.between(2, 3);
    for (std::int64_t j = 0; j < jobs; ++j) {
        Job job;
        job.model = testing::random_model(seed * 10 + static_cast<std::uint64_t>(j), shape);
        job.mode = ArrivalMode::listed;
        const bool preferred = j + 1 == jobs;
        job.requests = preferred ? 1 : rng.between(1, 3);
        for (std::int64_t r = 0; r < job.requests; ++r) job.arrivals.push_back(kStart);
        job.weight = preferred ? 2 : 1;
        if (preferred) job.deadline = nanoseconds(1);
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

Duration response(const Simulation& run) { return run.result.jobs.back().latency.max; }

// At most what the activity takes while everything that stretches it does.
double stretched(const Node& node, Verb verb, Duration alone) {
    double factor = 1;
    for (const double f : node.contention[index_of(*row_of(verb).activity)])
        factor *= std::max(f, 1.0);
    return static_cast<double>(alone.count()) * factor;
}

// What of others runs on a lane at that instant.
double running_at(Time at, const Simulation& run, const AllFacts& facts, const Node& node) {
    double sum = 0;
    const std::uint32_t preferred = static_cast<std::uint32_t>(facts.size()) - 1;
    for (const Completion& span : run.record.spans) {
        const Action& command = span.command;
        if (command.lane == Lane::none || command.job.index == preferred) continue;
        if (span.start > at || span.end <= at) continue;
        sum += stretched(node, command.verb,
                         facts[command.job][command.block].of(command.verb, command.pass));
    }
    return sum;
}

struct Tried {
    std::size_t taken_back = 0, delayed = 0;
};

void expect_bound(const Platform& platform, Workload workload, const char* policy, Rng& rng,
                  Tried& tried) {
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    if (rng.chance(70)) {
        Options nothing;
        nothing.budget = Bytes{1};
        const auto refused = simulate(platform, workload, policy, nothing).result;
        options.budget = std::max(refused.minimum_budget, Bytes{1});
        if (rng.chance(50)) options.budget->count += options.budget->count / 3;
    }
    const auto outcome = testing::plan_of(platform, workload, policy, options);
    const auto& deployment = std::get<Deployment>(outcome);
    const AllFacts facts = block_facts(cost_models(workload, platform), deployment);
    Job& preferred = workload.jobs.back();
    Workload lone = workload;
    for (std::uint32_t j = 0; j + 1 < lone.jobs.size(); ++j)
        for (Time& at : lone.jobs[{j}].arrivals) at = kStart + kNever;
    const Duration alone = response(simulate(platform, lone, policy, options));
    const Duration together = simulate(platform, workload, policy, options).result.makespan;
    for (const char* dispatch : {"edf", "priority"}) {
        options.dispatch = dispatch;
        const Time at = kStart + Duration{rng.between(0, (together - alone).count())};
        preferred.arrivals = {at};
        const Simulation run = simulate(platform, workload, policy, options);
        ASSERT_TRUE(run.result.ran()) << run.result.reason;
        const double bound = static_cast<double>(alone.count()) +
                             running_at(at, run, facts, platform.nodes.front());
        EXPECT_LE(static_cast<double>(response(run).count()), bound + 8)
            << dispatch << " at " << count_ns(at) << ", alone " << alone.count();
        tried.taken_back += run.record.taken_back();
        tried.delayed += static_cast<std::size_t>(response(run) > alone);
    }
}

void expect_bounds(std::uint64_t first_seed, const testing::PlatformShape& shape) {
    Tried tried;
    SWAPLAB_FOR_SEEDS(seed, first_seed, kWorlds) {
        const std::int64_t most_layers = seed % 25 == 0 ? 300 : 12;
        const Platform platform = testing::random_platform(seed, shape);
        Rng rng(seed * 31 + 7);
        for (const char* policy : kPolicies) {
            SCOPED_TRACE(policy);
            expect_bound(platform, random_workload(seed, most_layers), policy, rng, tried);
        }
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(tried.taken_back, kWorlds);
    EXPECT_GT(tried.delayed, kWorlds);
}

TEST(Revocation, BoundsTheResponse) {
    testing::PlatformShape shape;
    shape.positive = true;
    shape.most_assemble_lanes = 2;
    expect_bounds(1, shape);
}

TEST(Revocation, BoundsTheResponseBesideParallelReads) {
    testing::PlatformShape shape;
    shape.positive = true;
    shape.concurrency = true;
    expect_bounds(1001, shape);
}

TEST(Revocation, BoundsTheResponseUnderContention) {
    testing::PlatformShape shape;
    shape.positive = true;
    shape.concurrency = true;
    shape.contention = true;
    shape.most_assemble_lanes = 2;
    expect_bounds(2001, shape);
}

}  // namespace
}  // namespace swaplab::laws
