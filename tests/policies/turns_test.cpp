// Of a latency what is the request's own turn, and what is waiting for others. And of a makespan
// what is a stall, where a policy decides step by step: laws/stalls_test.cpp has those that submit
// all commands of a block at once.
#include <gtest/gtest.h>

#include "tests/policies/scripted.h"
#include "tests/support/chain.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// Layers of 10 bytes: reads of 10 ns, executions of 100.
Platform slow_execution() {
    Platform platform;
    Node& node = platform.nodes.emplace_back();
    node.read.cost.per_byte = 1;
    node.execute.other.per_layer = 100;
    return platform;
}

// a: two layers, b: three. One at a time, first come first served: a reads 0-10, executes 10-110,
// reads 110-120, executes 120-220; b reads from 220 on and ends at 220 + 330 = 550.
TEST(Turns, BeginWhenNobodyElseExecutesAnyMore) {
    const Workload workload = workload_of({chain("a", 2), chain("b", 3)}, {});
    Options options;
    options.budget = Bytes{20};
    options.account = Account::parameters;
    const RunResult run = simulate(slow_execution(), workload, "on-demand", options).result;
    ASSERT_EQ(run.verdict, Verdict::ok) << run.reason;
    const JobResult& a = run.jobs[0];
    const JobResult& b = run.jobs[1];
    EXPECT_EQ(a.latencies, std::vector<Duration>{Duration{220}});
    EXPECT_EQ(a.turns, a.latencies);
    EXPECT_EQ(b.latencies, std::vector<Duration>{Duration{550}});
    EXPECT_EQ(b.turns, std::vector<Duration>{Duration{330}});
    EXPECT_EQ(b.waits(), std::vector<Duration>{Duration{220}});
    // Alone in full memory they take 200 and 300.
    EXPECT_DOUBLE_EQ(a.slowdown(), 220.0 / 200);
    EXPECT_DOUBLE_EQ(b.slowdown(), 330.0 / 300);
    EXPECT_DOUBLE_EQ(run.slowdown(), 550.0 / 500);
}

// Block by block in turn: what others execute in between is no part of a turn.
TEST(Turns, LeaveOutTheExecutionsOfOthers) {
    const Workload workload = workload_of({chain("a", 2), chain("b", 3)}, {});
    Platform platform = slow_execution();
    platform.nodes[0].read.cost.per_byte = 0;
    Options options;
    options.budget = Bytes{20};
    options.account = Account::parameters;
    options.dispatch = "round-robin:quantum=1";
    const RunResult run = simulate(platform, workload, "on-demand", options).result;
    EXPECT_EQ(run.jobs[0].latencies.front() + run.jobs[1].latencies.front(),
              Duration{300 + 500});  // a b a b b
    EXPECT_EQ(run.jobs[0].turns, std::vector<Duration>{Duration{200}});
    EXPECT_EQ(run.jobs[1].turns, std::vector<Duration>{Duration{300}});
    EXPECT_EQ(run.slowdown(), 1.0);
}

// A turn is at least the execution and at most the latency; alone it is the latency.
TEST(Turns, LieBetweenExecutionAndLatency) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        Rng rng(seed);
        const Platform platform = random_platform(seed, {.fractional = true, .contention = true});
        std::vector<ModelPtr> models;
        for (std::int64_t m = rng.between(1, 3); m > 0; --m)
            models.push_back(random_model(seed * 4 + static_cast<std::uint64_t>(m)));
        Options options;
        options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
        options.requests = rng.between(1, 3);
        options.budget = Bytes{std::int64_t{1} << 36};
        options.dispatch = rng.chance(50) ? "fcfs" : "round-robin:quantum=2";
        const RunResult run =
            simulate(platform, workload_of(models, options), "demand-layering", options).result;
        ASSERT_EQ(run.verdict, Verdict::ok);
        Duration turns{};
        for (const JobResult& job : run.jobs)
            for (std::size_t r = 0; r < job.turns.size(); ++r) {
                EXPECT_LE(job.turns[r], job.latencies[r]);
                turns += job.turns[r];
                if (models.size() == 1) {
                    EXPECT_EQ(job.turns[r], job.latencies[r]);
                }
            }
        EXPECT_GE(turns, run.compute_busy);
    }
}

// Read 10, assembly 1, execution 20. Block 0 is released by a decision of its own, at 31, and only
// then, at 33, come the others: execution 11-31, 44-64, 64-84, 84-104. Without waits for memory
// block 1 is read while block 0 executes: 11-31-51-71-91.
TEST(Stalls, AReleaseDecidedByItselfIsAWaitForMemory) {
    const auto run = run_script(
        [](const View& view, Moves& moves, int call) {
            if (call == 0) {
                const Ticket read = moves.submit(command(Verb::read, 0));
                const Ticket ready = moves.submit(command(Verb::assemble, 0, {read}));
                moves.submit(command(Verb::execute, 0, {ready}));
            }
            for (const Completion& span : view.completions) {
                if (span.command.block != BlockId{0}) continue;
                if (span.command.verb == Verb::execute) moves.submit(command(Verb::release, 0));
                if (span.command.verb != Verb::release) continue;
                run_block(moves, 1);
                const Ticket executed = run_block(moves, 2);
                moves.submit(command(Verb::execute, 3, {executed}));
            }
        },
        "one-after-the-other");
    ASSERT_TRUE(run.result.ran()) << run.result.reason;
    EXPECT_EQ(count_ns(run.result.makespan), 104);
    EXPECT_EQ(count_ns(run.result.stalls[StallReason::memory]), 13);
    EXPECT_EQ(count_ns(run.result.stalls[StallReason::read]), 10);
    EXPECT_EQ(count_ns(run.result.stalls[StallReason::assembly]), 1);
    EXPECT_EQ(count_ns(run.result.stalls[StallReason::other]), 0);
}

}  // namespace
}  // namespace swaplab::testing
