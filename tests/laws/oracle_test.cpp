// The oracles themselves, on the cases that their headers compute by hand.
#include <gtest/gtest.h>

#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/oracle/ledger.h"
#include "tests/laws/oracle/liveness.h"
#include "tests/laws/oracle/lone_read.h"
#include "tests/laws/oracle/lower_bound.h"
#include "tests/laws/oracle/node_replay.h"
#include "tests/laws/oracle/one_at_a_time.h"
#include "tests/laws/oracle/pipeload.h"
#include "tests/laws/oracle/pipeswitch.h"
#include "tests/laws/oracle/ring.h"
#include "tests/laws/oracle/swapnet.h"
#include "tests/laws/oracle/whole_model.h"

namespace swaplab::oracle {
namespace {

constexpr double kMs = 1e6;

TEST(OracleRing, WrapsAndWaits) {
    struct Case {
        double capacity;
        std::vector<double> offsets, waits;
    };
    for (const Case& c : {Case{7, {0, 3, 5}, {0, 0, 0}}, Case{6, {0, 3, 0}, {0, 0, 10}},
                          Case{3, {0, 0, 0}, {0, 10, 20}}}) {
        Ring ring(c.capacity);
        const std::vector<double> bytes{3, 2, 2};
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            EXPECT_EQ(ring.space(bytes[i]), c.waits[i]) << c.capacity << " item " << i;
            ring.take(bytes[i]);
            EXPECT_EQ(ring.offset_of_last(), c.offsets[i]) << c.capacity << " item " << i;
            ring.free_last(10.0 * static_cast<double>(i + 1));
        }
    }
}

TEST(OracleRing, WritePositionStaysWhenItEmpties) {
    Ring ring(5);
    ring.take(3);
    ring.free_last(10);
    EXPECT_EQ(ring.space(3), 10);
    ring.take(3);
    EXPECT_EQ(ring.offset_of_last(), 0);
    Ring other(5);
    for (const double offset : {0.0, 2.0, 0.0}) {
        other.take(2);
        other.free_last(0);
        EXPECT_EQ(other.offset_of_last(), offset);
    }
}

TEST(OracleOneAtATime, ByHand) {
    const Item a{1, 5, 2, 1, 7, 3}, b{0, 0, 0, 0, 4, 0};
    EXPECT_EQ(one_at_a_time({a}, 0, 1, Mode::cold).latencies, (std::vector<double>{13}));
    const Timeline cold = one_at_a_time({a}, 0, 2, Mode::cold);
    EXPECT_EQ(cold.latencies, (std::vector<double>{13, 13}));
    EXPECT_EQ(cold.makespan, 29);
    EXPECT_EQ(one_at_a_time({a}, 0, 2, Mode::stream).latencies, (std::vector<double>{13, 16}));
    EXPECT_EQ(one_at_a_time({a, b}, 1, 1, Mode::cold).makespan, 22);
    EXPECT_EQ(one_at_a_time({a, b, a}, 2, 1, Mode::cold).makespan, 41);
}

TEST(OracleWholeModel, ByHand) {
    const Item model{1, 10, 2, 3, 20, 4};
    EXPECT_EQ(direct(model, 3).makespan, 60);
    EXPECT_EQ(direct(model, 3).latencies, (std::vector<double>{20, 20, 20}));
    const Timeline cold = load_all(model, 0, 3, Mode::cold);
    EXPECT_EQ(cold.latencies, (std::vector<double>{33, 33, 33}));
    EXPECT_EQ(cold.makespan, 107);
    const Timeline stream = load_all(model, 1, 3, Mode::stream);
    EXPECT_EQ(stream.latencies, (std::vector<double>{35, 20, 20}));
    EXPECT_EQ(stream.makespan, 75);
}

TEST(OracleTwoStage, ByHand) {
    const Item equal{100, 10 * kMs, 0, 0, 10 * kMs, 0};
    EXPECT_EQ(two_stage({equal, equal}, 100, 1, Mode::cold).makespan, 40 * kMs);
    EXPECT_EQ(two_stage({equal, equal}, 200, 1, Mode::cold).makespan, 30 * kMs);
    EXPECT_EQ(two_stage(Table(6, equal), 100, 1, Mode::cold).makespan, 120 * kMs);
    const Table three{{3, 4, 0, 1, 10, 2}, {2, 4, 0, 1, 1, 2}, {2, 4, 0, 1, 1, 2}};
    EXPECT_EQ(two_stage(three, 7, 1, Mode::cold).makespan, 17);
    EXPECT_EQ(two_stage(three, 6, 1, Mode::cold).makespan, 23);
    EXPECT_EQ(two_stage(three, 7, 2, Mode::stream).rows[3].execute_start, 22);
    EXPECT_EQ(unlimited_overhead({equal, equal}), 10 * kMs);
    EXPECT_EQ(two_stage(three, 70, 1, Mode::cold).makespan, 17);
}

TEST(OracleAsync, ByHand) {
    const Item equal{100, 10, 5, 0, 10, 0}, free_copy{100, 10, 0, 0, 10, 0};
    EXPECT_EQ(async({equal, equal}, 100, 1, Mode::cold).makespan, 40);
    EXPECT_EQ(async({equal, equal}, 200, 1, Mode::cold).makespan, 35);
    EXPECT_EQ(async({free_copy, free_copy}, 100, 1, Mode::cold).makespan, 30);
}

TEST(OracleSync, ByHand) {
    EXPECT_EQ(sync(Table(6, {100, 10 * kMs, 0, 0, 10 * kMs, 0}), 1, Mode::cold).makespan, 80 * kMs);
    const Item a{1, 10, 5, 0, 20, 0}, b{1, 30, 5, 0, 40, 0}, none{0, 0, 0, 0, 7, 0};
    EXPECT_EQ(sync({a, b}, 1, Mode::cold).makespan, 100);
    EXPECT_EQ(sync({a, none, b}, 1, Mode::cold).makespan, 92);
    // Two requests. Cold: 92 again. Stream of {a, none, b} twice: steps 10, 5, then read b |
    // execute a 30, read a | copy b | execute none max(10, 5, 7) = 10, copy a | execute b max(5,
    // 40) = 40, read b | execute a 30, copy b | execute none 7, 40: 172; the first ends at 95.
    EXPECT_EQ(sync({a, none, b}, 2, Mode::cold).latencies, (std::vector<double>{92, 92}));
    const Timeline stream = sync({a, none, b}, 2, Mode::stream);
    EXPECT_EQ(stream.latencies, (std::vector<double>{95, 77}));
}

TEST(OracleSweptBuffer, ByHand) {
    // Two equal layers of 1 MiB: 40 ms with 1 MiB, 30 ms with 2; overheads of 20 and 10 ms.
    const double mib = 1048576;
    const Table two(2, {mib, 10 * kMs, 0, 0, 10 * kMs, 0});
    const auto latency = [&](double ring) { return two_stage(two, ring, 1, Mode::cold).makespan; };
    EXPECT_EQ(swept_buffer(two, 8 * mib, 25 * kMs, latency), mib);
    EXPECT_EQ(swept_buffer(two, 8 * mib, 20 * kMs, latency), 2 * mib);
    EXPECT_EQ(swept_buffer(two, 8 * mib, 1 * kMs, latency), 2 * mib);
    EXPECT_EQ(swept_buffer(two, 2 * mib - 1, 1 * kMs, latency), mib);
    EXPECT_EQ(swept_buffer(two, mib - 1, 1 * kMs, latency), 0);
}

TEST(OracleSwapNet, EventsAndClosedForm) {
    const auto block = [](double in, double execute, double out) {
        return Item{1, in, 0, 0, execute, out};
    };
    const auto events = [](const Table& t) {
        return swapnet_events(t, largest_pair(t), 0, 1, Mode::cold).makespan;
    };
    EXPECT_EQ(events({block(10, 20, 3)}), 30);
    EXPECT_EQ(swapnet_closed_form({block(10, 20, 3)}), 33);
    EXPECT_EQ(events({block(10, 20, 0), block(15, 5, 0)}), 35);
    EXPECT_EQ(swapnet_closed_form({block(10, 20, 0), block(15, 5, 0)}), 35);
    EXPECT_EQ(events(Table(3, block(10, 4, 2))), 34);
    EXPECT_EQ(swapnet_closed_form(Table(3, block(10, 4, 2))), 38);
}

TEST(OracleSwapNet, BestPartition) {
    const auto units = [](std::vector<double> bytes, double execute) {
        return [bytes, execute](std::size_t first, std::size_t last) {
            Candidate c;
            for (std::size_t i = first; i < last; ++i) {
                c.item.bytes += bytes[i];
                c.item.execute += execute;
            }
            c.item.read = c.item.bytes;
            return c;
        };
    };
    const Search cut = best_partition(2, units({4, 4}, 4), 8);
    EXPECT_EQ(cut.best->cuts, (std::vector<std::size_t>{1}));
    EXPECT_EQ(cut.best->closed_form, 12);
    const Search tie = best_partition(2, units({4, 4}, 0), 8);
    EXPECT_TRUE(tie.best->cuts.empty());
    EXPECT_EQ(tie.best->closed_form, 8);
    const Search tight = best_partition(3, units({5, 1, 5}, 0), 10);
    EXPECT_EQ(tight.best->cuts, (std::vector<std::size_t>{1, 2}));
    EXPECT_EQ(tight.best->closed_form, 11);
    EXPECT_EQ(tight.least_peak, 6);
    EXPECT_FALSE(best_partition(3, units({5, 1, 5}, 0), 5).best);
}

TEST(OraclePipeload, ByHand) {
    const Table four(4, {1, 10, 0, 0, 4, 0});
    EXPECT_EQ(pipeload(four, 2, 4, 1, Mode::cold).makespan, 28);
    EXPECT_EQ(pipeload(four, 2, 2, 1, Mode::cold).makespan, 32);
    EXPECT_EQ(pipeload(four, 1, 4, 1, Mode::cold).makespan, 44);
    const Timeline stream = pipeload(four, 2, 4, 2, Mode::stream);
    EXPECT_EQ(stream.rows[4].execute_end, 34);
    EXPECT_EQ(stream.rows[5].execute_end, 38);
}

TEST(OraclePipeload, ScriptOnANodeIsTheRecurrence) {
    const Table four(4, {1, 10, 0, 0, 4, 0});
    NodeRules rules;
    rules.width[0] = 2;
    rules.concurrency = {1.0, 2.0};
    for (const Mode mode : {Mode::cold, Mode::stream})
        for (const std::int64_t arena : {2, 4}) {
            const Script script = pipeload_script(four, 2, 2, mode);
            NodeReplay replay(rules, {{ArenaRules::Kind::counter, arena, 0}}, script.tasks,
                              script.holdings, {{0, 0, script.tasks.size()}});
            replay.run();
            const Timeline expected = pipeload(four, 2, static_cast<double>(arena), 2, mode);
            for (std::size_t p = 0; p < script.items.size(); ++p)
                EXPECT_EQ(replay.tasks()[script.items[p].execute].end,
                          static_cast<std::int64_t>(expected.rows[p].execute_end));
        }
}

TEST(OraclePipeswitch, ByHand) {
    const Table abc{{1, 10, 2, 1, 20, 3}, {0, 0, 0, 0, 5, 0}, {1, 20, 2, 1, 6, 4}};
    EXPECT_EQ(pipeswitch(abc, 0, 1, Mode::cold).makespan, 42);
    EXPECT_EQ(pipeswitch(abc, 1, 1, Mode::cold).makespan, 44);
    EXPECT_EQ(pipeswitch(abc, 0, 2, Mode::stream).latencies, (std::vector<double>{42, 45}));
}

TEST(OracleLowerBound, ByHand) {
    BoundInput in{{10, 20, 30}, {5, 6, 7}, 1};
    EXPECT_EQ(cold_bound(in), 61);
    EXPECT_EQ(stream_chain(in, 3, 60, 40, 1), 107);
    EXPECT_EQ(stream_chain(in, 3, 60, 60, 1), 103);
    in.kappa = 2;
    EXPECT_EQ(cold_bound(in), 31);
}

TEST(OracleLiveness, ByHand) {
    Tensors t;
    t.input = 10;
    t.layers = {{{std::nullopt}, 20, 0}, {{0}, 30, 5}, {{std::nullopt, 1}, 40, 0}};
    EXPECT_EQ(alive_before(t, 0), 10);
    EXPECT_EQ(alive_before(t, 1), 30);
    EXPECT_EQ(alive_before(t, 2), 40);
    EXPECT_EQ(activation_peak(t, 0, 1), 30);
    EXPECT_EQ(activation_peak(t, 1, 2), 65);
    EXPECT_EQ(activation_peak(t, 2, 3), 80);
    EXPECT_EQ(activation_peak(t, 0, 2), 65);
    t.layers.push_back({{2}, 1, 0});
    t.layers.push_back({{2}, 2, 0});
    EXPECT_EQ(activation_peak(t, 4, 5), 43);
    EXPECT_EQ(live_across(t, 0), 0);
    EXPECT_EQ(live_across(t, 1), 30);
    EXPECT_EQ(live_across(t, 5), 0);
}

TEST(OracleLedger, ByHand) {
    using Pair = std::pair<std::int64_t, std::int64_t>;
    BlockSpans zero_copy{10, 4, 0, Pair{0, 5}, {}, {}, Pair{5, 6}, Pair{6, 9}, Pair{9, 10}};
    EXPECT_EQ(replay_bytes({{zero_copy}}, {Path::zero_copy}).weights, 10);
    EXPECT_EQ(replay_bytes({{zero_copy}}, {Path::zero_copy}).all, 14);
    BlockSpans staged{10, 4, 0, Pair{0, 5}, Pair{5, 7}, {}, Pair{7, 8}, Pair{8, 9}, Pair{9, 10}};
    EXPECT_EQ(replay_bytes({{staged}}, {Path::staged}).weights, 20);
    EXPECT_EQ(replay_bytes({{staged}}, {Path::staged}).all, 20);
    BlockSpans standard{
        10, 4, 0, Pair{0, 5}, Pair{5, 7}, Pair{7, 9}, Pair{9, 12}, Pair{12, 20}, Pair{20, 21}};
    EXPECT_EQ(replay_bytes({{standard}}, {Path::standard_gpu}).weights, 40);
    EXPECT_EQ(replay_bytes({{standard}}, {Path::standard_cpu}).all, 30);
}

std::vector<std::int64_t> ends(const NodeReplay& replay) {
    std::vector<std::int64_t> all;
    for (const Task& task : replay.tasks()) all.push_back(task.end.value_or(-1));
    return all;
}
Task task(Kind kind, std::int64_t work, std::vector<std::size_t> after = {}) {
    Task t;
    t.kind = kind;
    t.work = work;
    t.after = std::move(after);
    return t;
}

TEST(OracleNode, ContentionStretches) {
    NodeRules rules;
    rules.stretch[3][0] = 2.0;
    NodeReplay replay(rules, {}, {task(Kind::execute, 100), task(Kind::read, 40)}, {}, {{0, 0, 2}});
    replay.run();
    EXPECT_EQ(ends(replay), (std::vector<std::int64_t>{120, 40}));
}

TEST(OracleNode, ReadsShareTheStorage) {
    NodeRules rules;
    rules.width[0] = 2;
    rules.concurrency = {1.0, 1.5};
    NodeReplay replay(rules, {}, std::vector<Task>(3, task(Kind::read, 30)), {}, {{0, 0, 3}});
    replay.run();
    EXPECT_EQ(ends(replay), (std::vector<std::int64_t>{40, 40, 70}));
}

TEST(OracleNode, HostTimeAndWakingTheStorage) {
    NodeRules rules;
    rules.host_ns = 5;
    rules.after_idle = {20, 7};
    NodeReplay replay(rules, {}, std::vector<Task>(4, task(Kind::read, 10)), {},
                      {{0, 0, 2}, {57, 2, 3}, {98, 3, 4}});
    replay.run();
    EXPECT_EQ(ends(replay), (std::vector<std::int64_t>{22, 37, 79, 113}));
}

TEST(OracleNode, FirstBytesPassSideBySide) {
    NodeRules rules;
    rules.width[0] = 2;
    rules.concurrency = {1.0, 1.5};
    Task read = task(Kind::read, 30);
    read.first_byte = 10;
    NodeReplay together(rules, {}, {read, read}, {}, {{0, 0, 2}});
    together.run();
    EXPECT_EQ(ends(together), (std::vector<std::int64_t>{37, 37}));
    NodeReplay later(rules, {}, {read, read}, {}, {{0, 0, 1}, {5, 1, 2}});
    later.run();
    EXPECT_EQ(ends(later), (std::vector<std::int64_t>{35, 40}));
}

// Two blocks of 10 bytes at 2 ns for fresh ones, the second behind the release of the first: only
// the first read finds memory that is fresh.
TEST(OracleNode, FreshMemoryCostsOnce) {
    NodeRules rules;
    rules.fresh_ns_per_byte = 2;
    NodeReplay replay(rules, {{ArenaRules::Kind::counter, 20, 0}},
                      {task(Kind::read, 5), task(Kind::release, 1, {0}), task(Kind::read, 5, {1})},
                      {{0, 10, 0, 1}, {0, 10, 2, Task::npos}}, {{0, 0, 3}});
    replay.run();
    EXPECT_EQ(ends(replay), (std::vector<std::int64_t>{25, 26, 31}));
}

TEST(OracleNode, LoneReads) {
    ReadFigures figures;
    figures.table = {{4096, 80'000}, {1 << 20, 600'000}};
    for (const auto& [bytes, ns] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 80'000}, {64 << 10, 110'588}, {2 << 20, 1'122'039}}) {
        EXPECT_EQ(lone_read(figures, bytes, 3).all, ns);
        EXPECT_EQ(lone_read(figures, bytes, 3).first_byte, 80'000);
    }
}

TEST(OracleNode, RingPlaces) {
    // Reads of 1 ns; the release (task 3) of the first is submitted at 40 and takes 10.
    std::vector<Task> tasks(3, task(Kind::read, 1));
    tasks.push_back(task(Kind::release, 10, {0}));
    std::vector<Holding> holdings{{0, 6, 0, 3}, {0, 3, 1, Task::npos}, {0, 2, 2, Task::npos}};
    NodeReplay replay({}, {{ArenaRules::Kind::ring, 10, 0}}, tasks, holdings,
                      {{0, 0, 3}, {40, 3, 4}});
    replay.run();
    EXPECT_EQ(ends(replay), (std::vector<std::int64_t>{1, 2, 51, 50}));
    EXPECT_EQ(replay.peak_weights(), 9);
}

}  // namespace
}  // namespace swaplab::oracle
