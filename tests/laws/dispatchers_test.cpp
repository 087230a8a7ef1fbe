// What holds of every dispatcher with every policy: requests and bytes are conserved, the budget
// and every arena are kept (all spans are replayed by the oracle), jobs keep their own order, and a
// preferred request waits for at most one execution of others.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/laws/replay.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 25 : 80;

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
constexpr std::array<const char*, 5> kDispatchers{"fcfs", "round-robin", "round-robin:quantum=3",
                                                  "priority", "edf"};

Workload random_workload(std::uint64_t seed) {
    Rng rng(seed ^ 0xd15bULL);
    testing::ModelShape shape;
    shape.most_layers = 6;
    Workload workload;
    const std::int64_t jobs = rng.between(2, 4);
    for (std::int64_t j = 0; j < jobs; ++j) {
        Job job;
        job.model = testing::random_model(seed * 10 + static_cast<std::uint64_t>(j), shape);
        job.mode = static_cast<ArrivalMode>(rng.between(0, 2));
        job.requests = rng.between(1, 4);
        for (std::int64_t r = 0; job.mode == ArrivalMode::listed && r < job.requests; ++r)
            job.arrivals.push_back(at_ns(rng.between(0, 20) * 1'000'000));
        std::sort(job.arrivals.begin(), job.arrivals.end());
        job.weight = static_cast<double>(rng.between(1, 3));
        if (rng.chance(60)) job.deadline = nanoseconds(rng.between(1, 40) * 1'000'000);
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

void expect_conserved(const Workload& workload, const Deployment& deployment, const Simulation& run,
                      bool reads_every_request) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> blocks;
    for (const Completion& span : run.record.spans)
        if (span.command.verb == Verb::execute)
            blocks[{span.command.job.index, span.command.request.index}].push_back(
                span.command.block.index);
    std::int64_t requests = 0;
    std::int64_t stored = 0;
    for (std::uint32_t j = 0; j < workload.jobs.size(); ++j) {
        const Job& job = workload.jobs[{j}];
        requests += job.requests;
        for (const Layer& layer : job.model->layers())
            if (layer.parameter_bytes.count > 0)
                stored += job.requests * layer.bytes_on_storage().count;
        for (std::uint32_t r = 0; r < job.requests; ++r) {
            const auto& done = blocks[{j, r}];
            EXPECT_EQ(done.size(), deployment.jobs[{j}].blocks.size()) << "job " << j;
            EXPECT_TRUE(std::is_sorted(done.begin(), done.end())) << "job " << j;
        }
    }
    EXPECT_EQ(run.result.requests, requests);
    if (reads_every_request) {
        EXPECT_EQ(run.result.swapped_in.count, stored);
    }
}

// Executions of other jobs that end between the arrival of a request of the job with the highest
// weight and its own end: at most the one that ran when it arrived.
void expect_soon(const Workload& workload, const Simulation& run) {
    std::uint32_t top = 0;
    for (std::uint32_t j = 1; j < workload.jobs.size(); ++j)
        if (workload.jobs[{j}].weight > workload.jobs[{top}].weight) top = j;
    for (std::uint32_t j = 0; j < workload.jobs.size(); ++j)
        if (j != top && workload.jobs[{j}].weight == workload.jobs[{top}].weight) return;
    std::map<std::uint32_t, Time> arrived, ended;
    for (const auto& decision : run.record.decisions)
        for (const Arrival& a : decision.arrivals)
            if (a.job.index == top) arrived[a.request.index] = a.at;
    for (const Completion& span : run.record.spans)
        if (span.command.verb == Verb::execute && span.command.job.index == top)
            ended[span.command.request.index] = span.end;
    for (const auto& [request, at] : arrived) {
        const auto between = std::count_if(
            run.record.spans.begin(), run.record.spans.end(), [&](const Completion& span) {
                return span.command.verb == Verb::execute && span.command.job.index != top &&
                       span.end > at && span.end <= ended[request];
            });
        EXPECT_LE(between, 1) << "request " << request;
    }
}

TEST(Dispatchers, ConserveAndStayWithinTheBudget) {
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const Workload workload = random_workload(seed);
        testing::PlatformShape shape;
        shape.positive = true;
        shape.contention = shape.speed_ups = seed % 3 != 0;
        shape.host_time = seed % 4 == 0;
        shape.most_assemble_lanes = 2;
        const Platform platform = testing::random_platform(seed, shape);
        for (const std::string policy : kPolicies) {
            Options options;
            options.budget = Bytes{1};
            options.budget = simulate(platform, workload, policy, options).result.minimum_budget;
            if (seed % 2 == 0) options.budget->count += options.budget->count / 2;
            if (policy == "direct") options.budget.reset();
            const PlanOutcome outcome = testing::plan_of(platform, workload, policy, options);
            ASSERT_TRUE(std::holds_alternative<Deployment>(outcome));
            const Deployment& deployment = std::get<Deployment>(outcome);
            for (const char* dispatch : kDispatchers) {
                SCOPED_TRACE(text("{} {}", policy, dispatch));
                options.dispatch = dispatch;
                const Simulation run = simulate(platform, workload, policy, options);
                ASSERT_NE(run.result.verdict, Verdict::stuck) << run.result.reason;
                ASSERT_NE(run.result.verdict, Verdict::infeasible) << run.result.reason;
                EXPECT_LE(run.result.memory.peak, options.budget.value_or(Bytes{kMostInTotal}));
                expect_replay({platform, workload, deployment, run}, options.account);
                expect_conserved(workload, deployment, run,
                                 policy != "load-all" && policy != "direct");
                if (std::string_view(dispatch) == "priority") expect_soon(workload, run);
            }
        }
        if (HasFailure()) return;
    }
}

// A job that is preferred is not served later than first come first served would on a device where
// nothing contends, but for the blocks of its own that no longer come in early behind others: with
// one command at a time there are none.
TEST(Dispatchers, PriorityHelpsWhoHasIt) {
    SWAPLAB_FOR_SEEDS(seed, 1001, kWorlds) {
        Workload workload = random_workload(seed);
        for (Job& job : workload.jobs) job.weight = 1;
        workload.jobs.back().weight = 2;
        testing::PlatformShape shape;
        shape.positive = true;
        const Platform platform = testing::random_platform(seed, shape);
        for (const char* policy : {"on-demand", "standard-swap", "direct"}) {
            SCOPED_TRACE(policy);
            for (Job& job : workload.jobs)
                if (job.mode == ArrivalMode::cold) job.mode = ArrivalMode::stream;
            Options options;
            options.budget = Bytes{std::int64_t{1} << 36};
            const auto fcfs = simulate(platform, workload, policy, options).result;
            options.dispatch = "priority";
            const auto priority = simulate(platform, workload, policy, options).result;
            EXPECT_LE(priority.jobs.back().latency.max, fcfs.jobs.back().latency.max);
            EXPECT_EQ(priority.compute_busy, fcfs.compute_busy) << "work is conserved";
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
