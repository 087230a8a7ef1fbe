// Several DNNs: first come, first served by (arrival, request, order of -m). That orders
// executions, and the storage queue across jobs; compute is not preempted within a block.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "tests/laws/replay.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {
namespace {

using testing::ModelShape;
using testing::Options;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 60 : 200;

constexpr std::array<const char*, 11> kPolicies{"direct",
                                                "load-all",
                                                "on-demand",
                                                "standard-swap",
                                                "swapnet",
                                                "demand-layering:buffer=min",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "pipeload",
                                                "pipeload:agents=3",
                                                "pipeswitch"};

Workload random_workload(std::uint64_t seed) {
    Rng rng(seed ^ 0xd15ULL);
    ModelShape shape;
    shape.most_layers = 5;
    Workload workload;
    const std::int64_t jobs = rng.between(2, 4);
    const auto mode = static_cast<ArrivalMode>(rng.between(0, 2));
    for (std::int64_t j = 0; j < jobs; ++j) {
        Job job;
        job.model = random_model(seed * 10 + static_cast<std::uint64_t>(j), shape);
        job.mode = mode;
        job.requests = rng.between(1, 3);
        for (std::int64_t r = 0; mode == ArrivalMode::listed && r < job.requests; ++r)
            job.arrivals.push_back(at_ns(rng.between(0, 20) * 1'000'000));
        std::sort(job.arrivals.begin(), job.arrivals.end());
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

using Turn = std::tuple<Time, std::uint32_t, std::uint32_t, std::uint32_t>;

// (arrival, request, job, block) of every execution in order of start.
std::vector<Turn> turns_of(const testing::SpanRecorder& record, Verb verb) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Time> arrived;
    for (const auto& decision : record.decisions)
        for (const Arrival& a : decision.arrivals) arrived[{a.job.index, a.request.index}] = a.at;
    auto spans = record.by_ticket();
    std::stable_sort(spans.begin(), spans.end(), [](const Completion& a, const Completion& b) {
        return a.start < b.start;  // of equals the one submitted first
    });
    std::vector<Turn> turns;
    for (const Completion& s : spans)
        if (s.command.verb == verb)
            turns.emplace_back(arrived.at({s.command.job.index, s.command.request.index}),
                               s.command.request.index, s.command.job.index, s.command.block.index);
    return turns;
}

TEST(Dispatch, FirstComeFirstServed) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const Workload workload = random_workload(seed);
        testing::PlatformShape shape;
        shape.contention = seed % 2 == 0;
        shape.positive = true;
        const Platform platform = random_platform(seed, shape);
        for (const char* policy : kPolicies) {
            SCOPED_TRACE(text("{} {}", policy, name_of(workload.jobs[{0}].mode)));
            Options options;
            options.budget = Bytes{std::int64_t{1} << 36};
            const auto run = simulate(platform, workload, policy, options);
            ASSERT_TRUE(run.result.verdict == Verdict::ok) << run.result.reason;
            const auto executed = turns_of(run.record, Verb::execute);
            EXPECT_TRUE(std::is_sorted(executed.begin(), executed.end()));
            const auto read = turns_of(run.record, Verb::read);
            if (workload.jobs[{0}].mode == ArrivalMode::stream) {
                EXPECT_TRUE(std::is_sorted(read.begin(), read.end())) << "storage queue";
            }
            std::int64_t requests = 0;
            for (const Job& job : workload.jobs) requests += job.requests;
            EXPECT_EQ(run.result.requests, requests);
            EXPECT_EQ(run.result.latency.count, requests);
        }
        if (HasFailure()) return;
    }
}

// Latencies of listed requests count from their arrival; a cold one arrives when the one before it
// has ended and everything of it is released.
TEST(Dispatch, ArrivalsAndLatencies) {
    SWAPLAB_FOR_SEEDS(seed, 1001, kWorlds) {
        const Workload workload = random_workload(seed);
        const ArrivalMode mode = workload.jobs[{0}].mode;
        const Platform platform = random_platform(seed, {});
        for (const char* policy : kPolicies) {
            SCOPED_TRACE(text("{} {}", policy, name_of(mode)));
            Options options;
            options.budget = Bytes{std::int64_t{1} << 36};
            const auto run = simulate(platform, workload, policy, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            std::map<std::pair<std::uint32_t, std::uint32_t>, Time> arrived, ended, released;
            for (const auto& decision : run.record.decisions)
                for (const Arrival& a : decision.arrivals)
                    arrived[{a.job.index, a.request.index}] = a.at;
            for (const Completion& s : run.record.spans) {
                const std::pair key{s.command.job.index, s.command.request.index};
                if (s.command.verb == Verb::execute) ended[key] = std::max(ended[key], s.end);
                released[key] = std::max(released[key], s.end);
            }
            std::vector<std::int64_t> latencies;
            for (std::uint32_t j = 0; j < workload.jobs.size(); ++j)
                for (std::uint32_t r = 0; r < workload.jobs[{j}].requests; ++r) {
                    Time expected = kStart, from = kStart;
                    if (mode == ArrivalMode::listed)
                        expected = from = workload.jobs[{j}].arrivals[{r}];
                    else if (mode == ArrivalMode::cold && r > 0)
                        expected = from = released[{j, r - 1}];
                    else if (mode == ArrivalMode::stream && r > 0)
                        from = ended[{j, r - 1}];
                    EXPECT_EQ(count_ns(arrived.at({j, r})), count_ns(expected)) << j << "/" << r;
                    latencies.push_back((ended[{j, r}] - from).count());
                }
            std::sort(latencies.begin(), latencies.end());
            EXPECT_EQ(count_ns(run.result.latency.min), latencies.front());
            EXPECT_EQ(count_ns(run.result.latency.max), latencies.back());
        }
        if (HasFailure()) return;
    }
}

// Several jobs share the budget: the smallest one does, a byte less does not, and no instant of the
// run exceeds it, whatever contends. All spans and bytes are replayed.
TEST(Dispatch, SeveralJobsAreReplayedWithinTheBudget) {
    SWAPLAB_FOR_SEEDS(seed, 2001, kWorlds) {
        const Workload workload = random_workload(seed);
        testing::PlatformShape shape;
        shape.positive = true;
        shape.fractional = seed % 2 == 0;
        shape.contention = shape.speed_ups = seed % 3 != 0;
        shape.host_time = seed % 4 == 0;
        shape.after_idle = seed % 4 == 1;
        shape.most_assemble_lanes = 2;
        shape.most_alignment = seed % 5 == 0 ? 4096 : 1;
        const Platform platform = random_platform(seed, shape);
        for (const char* policy : kPolicies) {
            SCOPED_TRACE(text("{} {}", policy, name_of(workload.jobs[{0}].mode)));
            Options options;
            options.account = seed % 2 == 0 ? Account::all : Account::parameters;
            options.budget = Bytes{1};
            const bool bounded = std::string_view(policy) != "direct";
            if (bounded) {
                const auto refused = simulate(platform, workload, policy, options).result;
                if (refused.verdict == Verdict::infeasible) {
                    options.budget = refused.minimum_budget - Bytes{1};
                    EXPECT_EQ(simulate(platform, workload, policy, options).result.minimum_budget,
                              refused.minimum_budget);
                    options.budget = refused.minimum_budget;
                }
            } else {
                options.budget.reset();
            }
            const PlanOutcome outcome = testing::plan_of(platform, workload, policy, options);
            ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
            const Deployment& deployment = std::get<Deployment>(outcome);
            const auto run = simulate(platform, workload, policy, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            const RunFacts facts{platform, workload, deployment, run};
            expect_replay(facts, options.account);
            const oracle::Peaks peaks = peaks_from_spans(facts);
            EXPECT_EQ(run.result.memory.peak.count,
                      options.account == Account::all ? peaks.all : peaks.weights);
            if (!bounded) continue;
            EXPECT_LE(run.result.memory.peak, *options.budget);
            Bytes shares;
            for (const JobResult& job : run.result.jobs) shares += job.budget;
            EXPECT_LE(shares, *options.budget);
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
