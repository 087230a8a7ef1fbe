// Rules for overruns: which requests are dropped, and what is left of one that is given up.
#include <gtest/gtest.h>

#include "profiles/base/error.h"
#include "tests/support/chain.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// on-demand: every block takes 10 + 1 + 20 + 2 = 33 ns; its execution is from the 11th to the 31st.
Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 1;
    node.cost(Activity::assemble).per_tensor = 1;
    node.execute.other.per_layer = 20;
    node.cost(Activity::release).per_tensor = 2;
    return platform;
}

// Requests of two blocks each, 66 ns, of which the last execution ends at the 64th.
Workload workload_at(std::vector<std::int64_t> arrivals, const char* overrun,
                     std::vector<std::int64_t> deadlines = {}) {
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = chain("a", 2);
    job.mode = ArrivalMode::listed;
    job.requests = std::ssize(arrivals);
    for (const std::int64_t at : arrivals) job.arrivals.push_back(at_ns(at));
    for (const std::int64_t due : deadlines) job.deadlines.push_back(nanoseconds(due));
    workload.overrun = parse_overrun(overrun);
    return workload;
}

Simulation run_of(const Workload& workload, const char* policy = "on-demand") {
    Options options;
    options.budget = Bytes{1000};
    return simulate(board(), workload, policy, options);
}

// "read 0/1 33..43": verb, request/block, of every span.
std::vector<std::string> lines_of(const Simulation& run, std::uint32_t request) {
    std::vector<std::string> lines;
    for (const Completion& s : run.record.spans)
        if (s.command.request.index == request)
            lines.push_back(text("{} {} {}..{}", name_of(s.command.verb), s.command.block.index,
                                 count_ns(s.start), count_ns(s.end)));
    return lines;
}

using Ids = std::vector<RequestId>;

TEST(Overrun, SkipDropsWhatArrivesBesideAnother) {
    const Simulation run = run_of(workload_at({0, 10, 64, 70, 100}, "skip"));
    const JobResult& job = run.result.jobs[0];
    EXPECT_EQ(run.result.verdict, Verdict::ok);
    EXPECT_EQ(job.ended, (Ids{{0}, {2}})) << "one that arrives as the one before ends is taken in";
    EXPECT_EQ(job.dropped, 3);
    EXPECT_EQ(run.result.requests, 2);
    EXPECT_EQ(count_ns(run.result.makespan), 66 + 64);
}

TEST(Overrun, QueuesDropWhatIsBeyond) {
    EXPECT_EQ(run_of(workload_at({0, 10, 20, 70}, "queue:1")).result.jobs[0].ended,
              (Ids{{0}, {1}, {3}}));
    EXPECT_EQ(run_of(workload_at({0, 10, 20, 70}, "queue:0")).result.jobs[0].ended,
              (Ids{{0}, {3}}));
    EXPECT_EQ(run_of(workload_at({0, 10, 20, 70}, "queue:2")).result.jobs[0].dropped, 0);
}

// At 40 the read of block 1 runs, 33-43: it ends, and what it has brought is released.
TEST(Overrun, AbortTakesBackAndReleases) {
    const Simulation run = run_of(workload_at({0, 100}, "abort", {40, 64}));
    EXPECT_EQ(lines_of(run, 0),
              (std::vector<std::string>{"read 0 0..10", "assemble 0 10..11", "execute 0 11..31",
                                        "release 0 31..33", "read 1 33..43", "release 1 43..45"}));
    const JobResult& job = run.result.jobs[0];
    EXPECT_EQ(run.result.verdict, Verdict::deadline_miss);
    EXPECT_EQ(job.ended, (Ids{{1}}));
    EXPECT_EQ(job.aborted, 1);
    EXPECT_EQ(job.deadline_misses, 1);
    EXPECT_DOUBLE_EQ(run.result.deadline_miss_ratio, 0.5);
    EXPECT_EQ(count_ns(job.latency.max), 64) << "in time, to the nanosecond";
    EXPECT_EQ(run.result.memory.in_use, Bytes{});
}

// Its last execution, 44-64, runs at 50: the request goes on, and is late.
TEST(Overrun, AbortLeavesWhatHasStarted) {
    const JobResult late = run_of(workload_at({0}, "abort", {50})).result.jobs[0];
    EXPECT_EQ(late.aborted, 0);
    EXPECT_EQ(late.deadline_misses, 1);
    EXPECT_EQ(count_ns(late.latency.max), 64);
}

// The model was loaded for both: the second is given up while the first executes, 21-61, which
// therefore releases what it would have left to it.
TEST(Overrun, WhatStayedForARequestGoesWithIt) {
    const Simulation run = run_of(workload_at({0, 10}, "abort", {500, 20}), "load-all");
    EXPECT_EQ(run.result.jobs[0].aborted, 1);
    EXPECT_EQ(run.result.jobs[0].ended, (Ids{{0}}));
    EXPECT_EQ(run.result.memory.in_use, Bytes{});
}

TEST(Overrun, ColdRequestsGoOn) {
    Workload workload = workload_at({}, "abort");
    workload.jobs[{0}].mode = ArrivalMode::cold;
    workload.jobs[{0}].requests = 3;
    workload.jobs[{0}].deadline = nanoseconds(40);
    for (const char* policy : {"on-demand", "load-all", "pipeswitch", "pipeload:agents=2",
                               "demand-layering", "direct"}) {
        SCOPED_TRACE(policy);
        const Simulation run = run_of(workload, policy);
        EXPECT_EQ(run.result.jobs[0].aborted + run.result.requests, 3);
        EXPECT_EQ(run.result.compute_busy + run.result.stalls.sum(), run.result.makespan);
    }
}

TEST(Overrun, WordsAreNamed) {
    for (const char* word : {"none", "skip", "queue:3", "abort"})
        EXPECT_EQ(text_of(parse_overrun(word)), word);
    for (const char* bad : {"", "queue", "queue:", "queue:-1", "queue:x", "drop"})
        EXPECT_THROW(parse_overrun(bad), InputError) << bad;
}

}  // namespace
}  // namespace swaplab::testing
