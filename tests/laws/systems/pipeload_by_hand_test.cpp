// pipeload on small models: worked out by hand, and by closed forms (SYSTEMS: Hermes).
#include <gtest/gtest.h>

#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

ModelPtr layers_of_bytes(const std::vector<std::int64_t>& bytes,
                         const std::vector<std::int64_t>& flops) {
    ModelSpec spec;
    spec.name = "layers";
    for (std::uint32_t i = 0; i < bytes.size(); ++i) {
        Layer layer;
        layer.name = std::string(1, static_cast<char>('A' + i));
        if (i > 0) layer.inputs = {LayerId{i - 1}};
        layer.parameter_bytes = {bytes[i]};
        layer.parameter_tensors = 1;
        layer.other_ops = flops[i];
        spec.layers.push_back(layer);
    }
    return std::make_shared<const Model>(spec);
}

Platform plain(double read_per_byte, std::vector<double> concurrency) {
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.memory.capacity = {1 << 30};
    node.read.cost.per_byte = read_per_byte;
    node.read.concurrency = std::move(concurrency);
    node.execute.other.per_flop = 1;
    return platform;
}

// Layers of 4, 2, 2, 2 bytes at 10 ns a byte; two reads progress at 0.75 each; assembly 3 ns,
// release 2. A needs 40 and B 20: B ends at 20 / 0.75 = 27 (rounded up), then A alone at 47. C
// belongs to A's agent: 47. D waits for the release of A: 82.
TEST(Pipeload, TwoAgentsByHand) {
    Platform platform = plain(10, {1.0, 1.5});
    platform.nodes[0].cost(Activity::assemble).per_tensor = 3;
    platform.nodes[0].cost(Activity::release).per_tensor = 2;
    Options options;
    options.budget = Bytes{100};
    const auto run = simulate(platform, layers_of_bytes({4, 2, 2, 2}, {30, 10, 50, 20}),
                              "pipeload:agents=2", options);
    std::vector<std::string> spans;
    for (const Completion& s : run.record.by_ticket())
        spans.push_back(text("{} {} {}-{}", name_of(s.command.verb), s.command.block.index,
                             count_ns(s.start), count_ns(s.end)));
    EXPECT_EQ(spans, (std::vector<std::string>{
                         "read 0 0-47", "assemble 0 47-50", "execute 0 50-80", "release 0 80-82",
                         "read 1 0-27", "assemble 1 50-53", "execute 1 80-90", "release 1 90-92",
                         "read 2 47-67", "assemble 2 67-70", "execute 2 90-140",
                         "release 2 140-142", "read 3 82-102", "assemble 3 102-105",
                         "execute 3 140-160", "release 3 160-162"}));
    EXPECT_EQ(run.result.memory.peak, Bytes{8});
    EXPECT_EQ(run.result.memory.arena_bytes, Bytes{8});
    EXPECT_EQ(run.result.closed_form, nanoseconds(160));
}

// The closed forms (SYSTEMS: Hermes): N equal layers, nothing for assembly and release.
// Compute-bound, K >= R: T = R + N K with any number of agents, if m reads take m times as long
// but the first (c(m) = m on a storage that is no faster in parallel): one agent is enough.
// Load-bound, m K <= R, every read at full speed (c(m) = 1): the waves follow one another without
// gaps, T = ceil(N / m) R + ((N - 1) mod m + 1) K, which is ceil(N / m) R + min(m, N) K where m
// divides N or N < m.
TEST(Pipeload, ClosedForms) {
    const auto latency = [](std::int64_t n, std::int64_t read, std::int64_t execute,
                            std::int64_t agents, double speed_up) {
        std::vector<double> concurrency{1.0};
        for (int k = 2; k <= 8; ++k) concurrency.push_back(1 + (k - 1) * speed_up);
        const auto count = static_cast<std::size_t>(n);
        Options options;
        options.budget = kPlenty;
        return count_ns(simulate(plain(static_cast<double>(read), concurrency),
                                 layers_of_bytes(std::vector<std::int64_t>(count, 1),
                                                 std::vector<std::int64_t>(count, execute)),
                                 text("pipeload:agents={}", agents), options)
                            .result.latency.mean);
    };
    for (std::int64_t n = 1; n <= 13; ++n) {
        EXPECT_EQ(latency(n, 100, 100, 1, 0), 100 + n * 100);
        EXPECT_EQ(latency(n, 100, 170, 1, 0), 100 + n * 170);
        for (std::int64_t m = 1; m <= 6; ++m) {
            const std::int64_t waves = (n + m - 1) / m;
            EXPECT_EQ(latency(n, 1000, 20, m, 1), waves * 1000 + ((n - 1) % m + 1) * 20) << n << m;
            if (n % m == 0 || n < m) {
                EXPECT_EQ(latency(n, 1000, 20, m, 1), waves * 1000 + std::min(m, n) * 20);
            }
        }
    }
}

// Four layers that are read in 10 and executed in 4, every read at full speed, room for two: one
// agent reads one beside the one that executes, 10 + 3 * 10 + 4 = 44; two agents read both at the
// beginning, then each when a layer is released: 14-24, 18-28: 32.
TEST(Pipeload, AsManyAgentsAsFitAtOnce) {
    Options options;
    options.budget = Bytes{2};
    options.account = Account::parameters;
    const auto model = layers_of_bytes({1, 1, 1, 1}, {4, 4, 4, 4});
    const Platform platform = plain(10, {1.0, 2.0, 3.0, 4.0});
    const auto latency = [&](const char* spec) {
        return count_ns(simulate(platform, model, spec, options).result.latency.mean);
    };
    EXPECT_EQ(latency("pipeload:agents=1"), 44);
    EXPECT_EQ(latency("pipeload:agents=2"), 32);
    EXPECT_EQ(latency("pipeload:agents=4"), 32);
    EXPECT_EQ(latency("pipeload"), 32);
}

// Deep look-ahead: more layers at once than the scheduler's usual window has blocks.
TEST(Pipeload, ManyAgentsAreNotHeldUpByTheScheduler) {
    const std::size_t n = 120;
    Options options;
    options.budget = kPlenty;
    std::vector<double> concurrency;
    for (int k = 1; k <= 100; ++k) concurrency.push_back(k);
    const auto run =
        simulate(plain(1000, concurrency),
                 layers_of_bytes(std::vector<std::int64_t>(n, 1), std::vector<std::int64_t>(n, 1)),
                 "pipeload:agents=100", options);
    EXPECT_EQ(count_ns(run.result.latency.mean), 2 * 1000 + 20);
    EXPECT_EQ(run.result.closed_form, run.result.latency.mean);
}

// One agent holds two neighbours, of which the last and the first of a stream are the largest: 10 +
// 10 bytes, 11 within one request. So the second request's A comes in beside the end of C.
TEST(Pipeload, TheLastAndTheFirstAreNeighbours) {
    Options options;
    options.budget = kPlenty;
    options.mode = ArrivalMode::stream;
    options.requests = 2;
    const auto run = simulate(plain(1, {1.0}), layers_of_bytes({10, 1, 10}, {5, 5, 5}),
                              "pipeload:agents=1", options);
    EXPECT_EQ(run.result.memory.arena_bytes, Bytes{20});
    EXPECT_EQ(run.result.memory.peak, Bytes{20});
}

TEST(Pipeload, RefusesBadParameters) {
    const auto model = layers_of_bytes({1}, {1});
    Options options;
    options.budget = kPlenty;
    for (const char* spec : {"pipeload:agents=0", "pipeload:agents=257", "pipeload:agents=two"})
        EXPECT_THROW(simulate(plain(1, {1.0}), model, spec, options), InputError) << spec;
    options.path = SwapPath::staged;
    EXPECT_THROW(simulate(plain(1, {1.0}), model, "pipeload", options), InputError);
}

}  // namespace
}  // namespace swaplab::laws
