// A request that comes before all others takes at most as long as it does alone with the same plan,
// and what runs on each lane when it arrives: one copy, one assembly a lane, one execution, and one
// read for each parallel read of the others (SEMANTICS: Dispatch). Where activities contend, or
// parallel reads gain, alone is where each takes as long as it may: others swap in beside it, and
// reads that share do not all end earlier when they begin earlier. For every system, models of up
// to 300 layers.
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

bool one_at_a_time(std::string_view policy) {
    return policy == "on-demand" || policy == "standard-swap" ||
           policy == "demand-layering:pipeline=sequential";
}

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

// Of all that may stretch the activity at once.
double factor_of(const Node& node, Activity activity) {
    double factor = 1;
    for (const double f : node.contention[index_of(activity)]) factor *= std::max(f, 1.0);
    return factor;
}
double stretched(const Node& node, Verb verb, Duration alone) {
    return static_cast<double>(alone.count()) * factor_of(node, *row_of(verb).activity);
}

// Of all reads that may share the storage at once: one of them.
double sharing_factor(const ReadSpec& read, std::uint32_t parallel) {
    double most = 1;
    double gain = 1;
    for (std::uint32_t k = 1; k <= parallel; ++k) {
        if (k <= read.concurrency.size()) gain = read.concurrency[k - 1];
        most = std::max(most, k / gain);
    }
    return most;
}

// Where everything takes as long as it may, and nothing contends.
Platform stretched(const Platform& platform, std::uint32_t parallel) {
    Platform slow = platform;
    Node& node = slow.nodes.front();
    const auto scale = [](LinearCost& cost, double factor) {
        for (double* part : {&cost.per_byte, &cost.per_tensor, &cost.per_layer, &cost.per_flop,
                             &cost.per_activation_byte, &cost.per_block, &cost.per_request})
            *part *= factor;
    };
    const Node& from = platform.nodes.front();
    scale(node.read.cost, factor_of(from, Activity::read) * sharing_factor(from.read, parallel));
    node.read.concurrency.clear();  // beside each other as fast as alone
    for (std::uint32_t k = 1; k <= parallel; ++k) node.read.concurrency.push_back(k);
    scale(node.execute.other, factor_of(from, Activity::execute));
    for (auto& line : node.execute.by_op)
        if (line) scale(*line, factor_of(from, Activity::execute));
    for (const Activity a : {Activity::copy, Activity::assemble, Activity::release})
        scale(node.cost(a), factor_of(from, a));
    scale(node.cost(Activity::instantiate), factor_of(from, Activity::assemble));
    node.contention = Node::no_contention();
    return slow;
}

// With this very plan.
Simulation simulate_plan(const Platform& platform, const Workload& workload, const char* policy,
                         const Deployment& deployment, const Options& options) {
    const AllFacts facts = block_facts(cost_models(workload, platform), deployment);
    const auto scheduler =
        make_policy(policy).make_scheduler({deployment, facts, weights(workload)});
    return simulate(platform, workload, deployment, *scheduler, options);
}

struct Running {
    double time = 0;
    std::string said;  // for people
};

// What of others runs on a lane at that instant. Where one command goes at a time, over all jobs,
// the release of the block that is under way, too.
Running running_at(Time at, const Simulation& run, const AllFacts& facts, const Node& node,
                   bool one_at_a_time) {
    Running running;
    const std::uint32_t preferred = static_cast<std::uint32_t>(facts.size()) - 1;
    for (const Completion& span : run.record.spans) {
        const Action& command = span.command;
        if (command.job.index == preferred || span.start > at || span.end <= at) continue;
        const BlockFacts& block = facts[command.job][command.block];
        running.said +=
            text(" {} {}..{}", name_of(command.verb), count_ns(span.start), count_ns(span.end));
        if (command.lane != Lane::none)
            running.time += stretched(node, command.verb, block.of(command.verb, command.pass));
        if (one_at_a_time) running.time += stretched(node, kSwapOut, block.swap_out());
    }
    return running;
}

struct Tried {
    std::size_t taken_back = 0, delayed = 0;
};

void expect_bound(const Platform& platform, const testing::PlatformShape& shape, Workload workload,
                  const char* policy, Rng& rng, Tried& tried) {
    Options options;
    options.budget = Bytes{std::int64_t{1} << 36};
    if (rng.chance(70)) {
        Options nothing;
        nothing.budget = Bytes{1};
        const auto refused = simulate(platform, workload, policy, nothing).result;
        options.budget = refused.minimum_budget;
        if (rng.chance(50)) options.budget->count += options.budget->count / 3;
    }
    if (policy == std::string_view("direct")) options.budget.reset();
    const auto outcome = testing::plan_of(platform, workload, policy, options);
    const auto& deployment = std::get<Deployment>(outcome);
    const AllFacts facts = block_facts(cost_models(workload, platform), deployment);
    Job& preferred = workload.jobs.back();
    Workload lone = workload;
    for (std::uint32_t j = 0; j + 1 < lone.jobs.size(); ++j)
        for (Time& at : lone.jobs[{j}].arrivals) at = kStart + kNever;
    const bool slows = shape.contention || (shape.concurrency && deployment.parallel_reads > 1);
    const Platform slowest = slows ? stretched(platform, deployment.parallel_reads) : platform;
    const Duration alone = response(simulate_plan(slowest, lone, policy, deployment, options));
    const Duration together = simulate(platform, workload, policy, options).result.makespan;
    for (const char* dispatch : {"edf", "priority"}) {
        options.dispatch = dispatch;
        const Time at =
            kStart + Duration{rng.between(0, std::max<std::int64_t>(together.count() / 2, 1))};
        preferred.arrivals = {at};
        const Simulation run = simulate(platform, workload, policy, options);
        ASSERT_TRUE(run.result.ran()) << run.result.reason;
        const Running running =
            running_at(at, run, facts, platform.nodes.front(), one_at_a_time(policy));
        const double bound = static_cast<double>(alone.count()) + running.time;
        EXPECT_LE(static_cast<double>(response(run).count()), bound + 8)
            << dispatch << " at " << count_ns(at) << ", alone " << alone.count() << ", beside"
            << running.said;
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
            expect_bound(platform, shape, random_workload(seed, most_layers), policy, rng, tried);
        }
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(tried.taken_back, kWorlds);
    EXPECT_GT(tried.delayed, kWorlds / 2);
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
    shape.contention = true;
    shape.most_assemble_lanes = 2;
    expect_bounds(2001, shape);
}

}  // namespace
}  // namespace swaplab::laws
