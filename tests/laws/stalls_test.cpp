// Why compute is idle: the clocks against an oracle of their own, and against runs in which memory
// really is no limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "policies/registry.h"
#include "policies/run/planning.h"
#include "tests/laws/oracle/stall_clocks.h"
#include "tests/support/chain.h"
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
using testing::Simulation;
using testing::SpanRecorder;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 100 : 500;

constexpr std::array<const char*, 12> kPolicies{"on-demand",
                                                "standard-swap",
                                                "swapnet",
                                                "swapnet:delta=0.25",
                                                "load-all",
                                                "demand-layering",
                                                "demand-layering:buffer=min",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "demand-layering:pipeline=sequential",
                                                "pipeload:agents=3",
                                                "pipeswitch"};

// Everything that an oracle of clocks needs, from the record of a run of several jobs.
struct Clocked {
    explicit Clocked(const SpanRecorder& record) {
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> number;
        for (const auto& decision : record.decisions)
            for (const Arrival& arrival : decision.arrivals) {
                number[{arrival.job.index, arrival.request.index}] = requests.size();
                requests.push_back({count_ns(arrival.at), 0});
            }
        const std::vector<Completion> spans = record.by_ticket();
        const std::vector<Command> submitted = record.commands();
        for (std::size_t i = 0; i < submitted.size(); ++i) {
            const Command& command = submitted[i];
            oracle::ClockedCommand& clocked = commands.emplace_back();
            clocked.kind = static_cast<oracle::Kind>(command.verb);
            for (const Ticket t : command.after) clocked.after.push_back(t.index);
            clocked.request = number.at({command.job.index, command.request.index});
            clocked.length = (spans[i].end - spans[i].start).count();
            if (command.verb != Verb::execute) continue;
            std::int64_t& end = requests[clocked.request].end;
            end = std::max(end, count_ns(spans[i].end));
        }
    }

    std::vector<oracle::ClockedCommand> commands;
    std::vector<oracle::ClockedRequest> requests;
};

PlatformShape shape_of(Rng& rng) {
    PlatformShape shape;
    shape.fractional = rng.chance(50);
    shape.contention = rng.chance(50);
    shape.speed_ups = rng.chance(50);
    shape.concurrency = rng.chance(50);
    shape.after_idle = rng.chance(30);
    shape.host_time = rng.chance(30);
    shape.most_assemble_lanes = 3;
    return shape;
}

// One to three models; their requests cold, streamed or listed, so that they overlap or do not.
Workload random_workload(std::uint64_t seed, Rng& rng, const Options& options) {
    std::vector<ModelPtr> models;
    for (std::int64_t m = rng.between(1, 3); m > 0; --m)
        models.push_back(random_model(seed * 8 + static_cast<std::uint64_t>(m)));
    Workload workload = testing::workload_of(models, options);
    if (!rng.chance(50)) return workload;
    for (Job& job : workload.jobs) {
        job.mode = ArrivalMode::listed;
        Time at = kStart + Duration{rng.between(0, 1) * 1000000};
        for (std::int64_t r = 0; r < job.requests; ++r) {
            job.arrivals.push_back(at);
            at += Duration{rng.between(0, 1) * rng.between(0, 20000000)};
        }
    }
    return workload;
}

TEST(Stalls, AreTheDifferencesOfTheClocks) {
    std::array<std::int64_t, kStallReasons> seen{};
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        Rng rng(seed * 17 + 3);
        const Platform platform = random_platform(seed, shape_of(rng));
        Options options;
        options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
        options.requests = rng.between(1, 3);
        options.dispatch = rng.chance(50) ? "fcfs" : "round-robin:quantum=1";
        const char* policy = kPolicies[seed % kPolicies.size()];
        SCOPED_TRACE(policy);
        const Workload workload = random_workload(seed, rng, options);
        options.budget = Bytes{std::int64_t{1} << 40};
        const PlanOutcome plenty = testing::plan_of(platform, workload, policy, options);
        ASSERT_TRUE(std::holds_alternative<Deployment>(plenty));
        const std::optional<Bytes> least = [&] {
            Options nothing = options;
            nothing.budget = Bytes{1};
            const PlanOutcome none = testing::plan_of(platform, workload, policy, nothing);
            const auto* refusal = std::get_if<Infeasible>(&none);
            return refusal ? std::optional(refusal->minimum_budget) : std::nullopt;
        }();
        options.budget = least.value_or(Bytes{1});
        const PlanOutcome outcome = testing::plan_of(platform, workload, policy, options);
        const Deployment& deployment = std::get<Deployment>(outcome);
        const Simulation run = simulate(platform, workload, policy, options);
        ASSERT_TRUE(run.result.ran()) << run.result.reason;

        const Clocked clocked(run.record.of_what_ended());
        const oracle::ClockedStalls expected = oracle::stalls_of(
            clocked.commands, clocked.requests,
            {std::max(deployment.parallel_reads, 1U), platform.nodes[0].assemble_lanes});
        const Stalls& actual = run.result.stalls;
        EXPECT_EQ(count_ns(actual[StallReason::memory]), expected.memory);
        EXPECT_EQ(count_ns(actual[StallReason::read]), expected.read);
        EXPECT_EQ(count_ns(actual[StallReason::copy]), expected.copy);
        EXPECT_EQ(count_ns(actual[StallReason::assembly]), expected.assembly);
        EXPECT_EQ(count_ns(actual[StallReason::idle]), expected.idle);
        EXPECT_EQ(run.result.compute_busy + actual.sum(), run.result.makespan);
        for (const StallReason reason : kAllStallReasons)
            seen[static_cast<std::size_t>(reason)] += count_ns(actual[reason]);
        if (HasFailure()) return;
    }
    for (const StallReason reason : kAllStallReasons)
        if (reason != StallReason::other) {
            EXPECT_GT(seen[static_cast<std::size_t>(reason)], 0) << name_of(reason);
        }
}

// A scheduler whose commands wait for no release.
class WithoutReleases final : public Scheduler, public Moves {
  public:
    explicit WithoutReleases(Scheduler& inner) : inner_(inner) {}

    void decide(const View& view, Moves& moves) override {
        moves_ = &moves;
        inner_.decide(view, *this);
    }
    Ticket submit(const Command& command) override {
        Command freed = command;
        freed.after = {};
        for (const Ticket t : command.after)
            if (!releases_[t.index]) freed.after.add(t);
        releases_.push_back(command.verb == Verb::release);
        return moves_->submit(freed);
    }
    bool cancel(Ticket ticket) override { return moves_->cancel(ticket); }

  private:
    Scheduler& inner_;
    Moves* moves_ = nullptr;
    std::vector<bool> releases_;
};

// The same blocks, in memory without end.
Deployment without_places(Deployment deployment) {
    for (JobPlan& job : deployment.jobs) {
        for (Variant& variant : job.variants) {
            variant.arena = {ArenaKind::counter, Bytes{std::int64_t{1} << 50}, 0};
            if (variant.staging) variant.staging = variant.arena;
        }
    }
    return deployment;
}

// No contention, one read in flight, no idle exit: durations do not depend on when a command runs.
TEST(Stalls, OfMemoryAreWhatARunWithoutItsLimitsSaves) {
    std::int64_t waited = 0;
    SWAPLAB_FOR_SEEDS(seed, 2001, kWorlds) {
        Rng rng(seed);
        PlatformShape shape;
        shape.fractional = rng.chance(50);
        shape.host_time = rng.chance(30);
        const Platform platform = random_platform(seed, shape);
        const ModelPtr model = random_model(seed);
        const char* policy = kPolicies[seed % kPolicies.size()];
        if (std::string_view(policy).starts_with("pipeload")) policy = "pipeload:agents=1";
        SCOPED_TRACE(policy);
        Options options;
        const auto least = testing::minimum_of(platform, model, policy, options);
        options.budget = Bytes{std::max<std::int64_t>(1, least.value_or(Bytes{1}).count)};
        const Simulation limited = simulate(platform, model, policy, options);
        ASSERT_EQ(limited.result.verdict, Verdict::ok) << limited.result.reason;

        const Workload workload = testing::workload_of({model}, options);
        const PlanOutcome outcome = testing::plan_of(platform, workload, policy, options);
        const Deployment free = without_places(std::get<Deployment>(outcome));
        const CostModels costs = cost_models(workload, platform);
        const AllFacts facts = block_facts(costs, free);
        const Policy made = make_policy(policy);
        const auto inner = made.make_scheduler({free, facts, weights(workload), {}});
        WithoutReleases scheduler(*inner);
        Options unlimited;
        const Simulation saved = simulate(platform, workload, free, scheduler, unlimited);
        EXPECT_EQ(limited.result.stalls[StallReason::memory],
                  limited.result.makespan - saved.result.makespan);
        EXPECT_EQ(count_ns(saved.result.stalls[StallReason::memory]), 0);
        waited += count_ns(limited.result.stalls[StallReason::memory]);
        if (HasFailure()) return;
    }
    EXPECT_GT(waited, 0);
}

}  // namespace
}  // namespace swaplab::laws
