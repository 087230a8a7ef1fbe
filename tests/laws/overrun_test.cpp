// What holds of every rule for overruns with every policy and dispatcher: each request ends, is
// dropped or is given up; nothing of one that was given up starts to execute after its deadline;
// memory is as before in the end, and the time is accounted for.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 25 : 100;

constexpr std::array<const char*, 11> kPolicies{"direct",
                                                "load-all",
                                                "on-demand",
                                                "standard-swap",
                                                "swapnet",
                                                "demand-layering:buffer=min",
                                                "demand-layering:pipeline=async,buffer=min",
                                                "demand-layering:pipeline=sync",
                                                "demand-layering:pipeline=sequential",
                                                "pipeload:agents=3",
                                                "pipeswitch"};
constexpr std::array<const char*, 3> kRules{"skip", "queue:1", "abort"};

Workload random_workload(std::uint64_t seed) {
    Rng rng(seed ^ 0x0f3eULL);
    testing::ModelShape shape;
    shape.most_layers = 6;
    Workload workload;
    const std::int64_t jobs = rng.between(1, 3);
    for (std::int64_t j = 0; j < jobs; ++j) {
        Job job;
        job.model = testing::random_model(seed * 10 + static_cast<std::uint64_t>(j), shape);
        job.mode = static_cast<ArrivalMode>(rng.between(0, 2));
        job.requests = rng.between(1, 5);
        for (std::int64_t r = 0; job.mode == ArrivalMode::listed && r < job.requests; ++r)
            job.arrivals.push_back(at_ns(rng.between(0, 40) * 1'000'000));
        std::sort(job.arrivals.begin(), job.arrivals.end());
        job.weight = static_cast<double>(rng.between(1, 3));
        if (rng.chance(80)) job.deadline = nanoseconds(rng.between(1, 30) * 1'000'000);
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

void expect_accounted(const Workload& workload, const Simulation& run) {
    for (std::uint32_t j = 0; j < workload.jobs.size(); ++j) {
        const JobResult& job = run.result.jobs[j];
        EXPECT_EQ(std::ssize(job.latencies) + job.dropped + job.aborted,
                  workload.jobs[{j}].requests);
        EXPECT_EQ(job.ended.size(), job.latencies.size());
        EXPECT_LE(job.aborted, job.deadline_misses);
    }
    EXPECT_EQ(run.result.compute_busy + run.result.stalls.sum(), run.result.makespan);
    for (const Category category : {Category::parameters, Category::staging, Category::duplicates,
                                    Category::activations, Category::workspace, Category::kv_cache})
        EXPECT_EQ(run.result.memory.by_category[static_cast<std::size_t>(category)], Bytes{})
            << name_of(category);
}

void expect_no_late_start(const Simulation& run) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Time> due;
    for (const auto& decision : run.record.decisions)
        for (const Arrival& a : decision.arrivals)
            due[{a.job.index, a.request.index}] = a.deadline.value_or(Time::max());
    for (const Completion& span : run.record.spans) {
        const Action& c = span.command;
        const std::vector<RequestId>& ended = run.result.jobs[c.job.index].ended;
        if (c.verb != Verb::execute || std::ranges::binary_search(ended, c.request)) continue;
        EXPECT_LE(span.start, (due.at({c.job.index, c.request.index})));
    }
}

TEST(Overruns, AccountForEveryRequest) {
    std::map<std::string, std::int64_t> seen;
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        Workload workload = random_workload(seed);
        testing::PlatformShape shape;
        shape.positive = true;
        shape.contention = seed % 3 == 0;
        shape.concurrency = seed % 2 == 0;
        const Platform platform = testing::random_platform(seed, shape);
        for (const std::string policy : kPolicies) {
            Options options;
            options.budget = Bytes{1};
            options.budget = simulate(platform, workload, policy, options).result.minimum_budget;
            if (seed % 2 == 0) options.budget->count += options.budget->count / 2;
            if (policy == "direct") options.budget.reset();
            for (const char* rule : kRules)
                for (const char* dispatch : {"fcfs", "round-robin:quantum=2", "edf"}) {
                    SCOPED_TRACE(text("{} {} {}", policy, rule, dispatch));
                    workload.overrun = parse_overrun(rule);
                    options.dispatch = dispatch;
                    const Simulation run = simulate(platform, workload, policy, options);
                    ASSERT_TRUE(run.result.ran()) << run.result.reason;
                    if (policy != "direct") expect_accounted(workload, run);
                    expect_no_late_start(run);
                    seen["dropped"] += run.result.dropped();
                    seen["aborted"] += run.result.aborted();
                }
            workload.overrun = {};
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(seen["dropped"], 0);
    EXPECT_GT(seen["aborted"], 0);
}

}  // namespace
}  // namespace swaplab::laws
