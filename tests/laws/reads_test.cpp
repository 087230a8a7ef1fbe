// Reads: a first byte of their own, tables, 1 to 16 in flight, fresh memory.
#include <gtest/gtest.h>

#include "tests/laws/oracle/lone_read.h"
#include "tests/laws/random_scheduler.h"
#include "tests/laws/replay.h"
#include "tests/support/chain.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::PlatformShape;
using testing::random_model;
using testing::random_platform;
using testing::Rng;
using testing::simulate;

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 100 : 500;

oracle::ReadFigures figures_of(const ReadSpec& read) {
    oracle::ReadFigures figures;
    for (const ReadPoint& point : read.table)
        figures.table.emplace_back(point.bytes.count, point.ns);
    figures.per_byte = read.cost.per_byte;
    figures.per_block = read.cost.per_block;
    figures.per_request = read.cost.per_request;
    figures.request_bytes = read.cost.request_bytes ? read.cost.request_bytes->count : 0;
    figures.per_tensor = read.cost.per_tensor;
    return figures;
}

Platform reading_platform(std::uint64_t seed) {
    PlatformShape shape;
    if (seed % 3 == 0) shape.scale = 6;
    shape.fractional = seed % 3 == 1;
    shape.contention = seed % 2 == 0;
    shape.speed_ups = seed % 4 == 0;
    shape.concurrency = true;
    shape.most_parallel = 16;
    shape.read_table = true;
    shape.fresh = seed % 5 < 2;
    shape.after_idle = seed % 7 == 0;
    shape.host_time = seed % 7 == 1;
    shape.most_assemble_lanes = 3;
    return random_platform(seed, shape);
}

struct Phase {
    Platform platform;
    ModelPtr model;
    Deployment deployment;
    AllFacts facts;
};

Phase random_phase(std::uint64_t seed) {
    Rng rng(seed ^ 0x5eadULL);
    Phase phase{reading_platform(seed), nullptr, {}, {}};
    testing::ModelShape model_shape;
    model_shape.most_layers = 24;
    if (seed % 3 == 0) model_shape.scale = 6;
    phase.model = random_model(seed, model_shape);
    phase.deployment.parallel_reads = static_cast<std::uint32_t>(rng.between(1, 16));
    const SwapPath path = rng.chance(50) ? SwapPath::zero_copy : SwapPath::staged;
    JobPlan plan({}, path, finest_blocks(*phase.model));
    plan.at_start().arena = {ArenaKind::counter, Bytes{std::int64_t{1} << 38}, 0};
    plan.at_start().staging = ArenaPlan{ArenaKind::counter, Bytes{std::int64_t{1} << 38}, 0};
    phase.facts.push_back(facts_of(CostModel(*phase.model, phase.platform), plan.blocks, path));
    phase.deployment.jobs.push_back(std::move(plan));
    return phase;
}

// Lone reads are what the figures of the device file say.
void expect_lone_reads(const Phase& phase) {
    const oracle::ReadFigures figures = figures_of(phase.platform.nodes[0].read);
    for (const BlockFacts& block : phase.facts[{0}]) {
        if (!block.has_parameters()) continue;
        const oracle::LoneRead read =
            oracle::lone_read(figures, block.stored_bytes.count, block.tensors);
        EXPECT_EQ(count_ns(block.of(Verb::read)), read.all) << block.stored_bytes.count;
        EXPECT_EQ(count_ns(block.first_byte), read.first_byte);
    }
}

// The most reads of a run that were under way at once.
std::int64_t most_at_once(const std::vector<Completion>& spans) {
    std::int64_t most = 0;
    for (const Completion& at : spans) {
        if (at.command.verb != Verb::read) continue;
        most = std::max<std::int64_t>(most, std::ranges::count_if(spans, [&](const Completion& s) {
                                          return s.command.verb == Verb::read &&
                                                 s.start <= at.start && at.start < s.end;
                                      }));
    }
    return most;
}

TEST(Reads, PhasesOfUpToSixteenAreTheReplay) {
    std::array<int, 17> seen{};
    SWAPLAB_FOR_SEEDS(seed, 1, kWorlds) {
        const Phase phase = random_phase(seed);
        expect_lone_reads(phase);
        Options options;
        options.mode = ArrivalMode::stream;
        const Workload workload = workload_of({phase.model}, options);
        RandomScheduler scheduler(seed, workload, phase.deployment, phase.facts);
        const auto actual =
            simulate(phase.platform, workload, phase.deployment, scheduler, options);
        ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
        expect_replay({phase.platform, workload, phase.deployment, actual}, options.account);
        ++seen.at(static_cast<std::size_t>(most_at_once(actual.record.spans)));
        if (HasFailure()) return;
    }
    // Few and many at once were among them.
    EXPECT_GT(seen[1], 5);
    for (int reads = 2; reads <= 9; ++reads) EXPECT_GT(seen[static_cast<std::size_t>(reads)], 0);
}

// A device on which reading is all that takes time, but for executions of 1 ns.
Platform storage(ReadSpec read) {
    Platform platform;
    platform.name = "storage";
    Node& node = platform.nodes.emplace_back();
    node.memory = {.capacity = Bytes{1 << 30}, .unified = true};
    node.read = std::move(read);
    node.execute.other.per_layer = 1;
    return platform;
}

Options plenty() {
    Options options;
    options.budget = Bytes{1 << 30};
    return options;
}

// n blocks of b bytes, all in flight at once: their first bytes F pass together, then each has
// c(n) / n of the speed, so that all end at F + W n / c(n), W being a lone read less F.
TEST(Reads, FirstBytesInFlightOverlap) {
    const ModelPtr model = testing::chain("four", 4);  // of 10 bytes each
    for (const double gain : {1.0, 2.0}) {
        ReadSpec read;
        read.cost.per_byte = 10;    // W = 100
        read.cost.per_block = 500;  // F
        read.concurrency = {1, 1, 1, gain};
        const auto run = simulate(storage(read), model, "pipeload:agents=4", plenty());
        const Duration all = nanoseconds(500 + static_cast<std::int64_t>(100 * 4 / gain));
        EXPECT_EQ(run.result.latency.mean, all + nanoseconds(4));  // executions follow
        EXPECT_EQ(run.result.closed_form, run.result.latency.mean);
        // One after the other each pays its own.
        const auto lone = simulate(storage(read), model, "pipeload:agents=1", plenty());
        EXPECT_EQ(lone.result.latency.mean, nanoseconds(4 * 600 + 1));
    }
}

// The example of the page: 64 KiB between 4 KiB in 80 us and 1 MiB in 600 us take 111 us.
TEST(Reads, ATableIsLinearBetweenItsPoints) {
    ReadSpec read;
    read.table = {{Bytes{4096}, 80'000}, {Bytes{1 << 20}, 600'000}};
    EXPECT_EQ(std::llround(read.table_ns(Bytes{1})), 80'000);
    EXPECT_EQ(std::llround(read.table_ns(Bytes{4096})), 80'000);
    EXPECT_EQ(std::llround(read.table_ns(Bytes{64 << 10})), 110'588);
    EXPECT_EQ(std::llround(read.table_ns(Bytes{1 << 20})), 600'000);
    EXPECT_EQ(std::llround(read.table_ns(Bytes{2 << 20})), 1'122'039);  // the slope of the last two
    EXPECT_EQ(read.first_byte_ns(), 80'000);
    // Behind the first byte, which others' overlap: of at least 64 KiB 30 588 / 2^16 is the least,
    // then 520 000 / (2^20), then the last slope; of 4 KiB nothing.
    EXPECT_NEAR(read.least_per_byte(Bytes{64 << 10}), 30'588.2 / 65'536.0, 1e-6);
    EXPECT_DOUBLE_EQ(read.least_per_byte(Bytes{1 << 20}), 520'000.0 / 1'048'576.0);
    EXPECT_EQ(read.least_per_byte(Bytes{4096}), 0);
}

// A mode's read_scale holds for the table and its first byte.
TEST(Reads, AModeScalesATable) {
    ReadSpec read;
    read.table = {{Bytes{5}, 60}, {Bytes{15}, 160}};
    Platform platform = storage(read);
    platform.nodes[0].modes.push_back({.name = "slow", .read_scale = 3});
    platform.mode = "slow";
    const ModelPtr model = testing::chain("two", 2);
    const CostModel cost(*model, platform);
    const BlockFacts facts = facts_of(cost, {0, 1}, SwapPath::zero_copy);
    EXPECT_EQ(facts.of(Verb::read), nanoseconds(3 * 110));
    EXPECT_EQ(facts.first_byte, nanoseconds(3 * 60));
    EXPECT_DOUBLE_EQ(cost.read_bound_ns({0, 2}), 20 * 3 * (110 - 60) / 10.0);
}

// Every byte beyond the most that the arena has held costs it once: blocks of 10 bytes, two held at
// once by two agents and one more: reads of 100 ns and 10 x 7 ns more for the first three.
TEST(Reads, FreshMemoryCostsOnce) {
    ReadSpec read;
    read.cost.per_byte = 10;
    Platform platform = storage(read);
    platform.nodes[0].memory.fresh_ns_per_byte = 7;
    const ModelPtr model = testing::chain("four", 4);
    Options options = plenty();
    options.requests = 2;
    // on-demand holds one block: only the very first read finds memory that is fresh.
    const auto run = simulate(platform, model, "on-demand", options);
    EXPECT_EQ(run.result.latency.max, nanoseconds(4 * 101 + 70));
    EXPECT_EQ(run.result.latency.min, nanoseconds(4 * 101));
    // load-all holds all four.
    const auto all = simulate(platform, model, "load-all", options);
    EXPECT_EQ(all.result.latency.max, nanoseconds(4 * 100 + 4 + 4 * 70));
    EXPECT_EQ(all.result.latency.min, nanoseconds(4 * 100 + 4));
    // Staged, what is read and what is copied have memory of their own.
    options.path = SwapPath::staged;
    const auto staged = simulate(platform, model, "on-demand", options);
    EXPECT_EQ(staged.result.latency.max, nanoseconds(4 * 101 + 140));
}

}  // namespace
}  // namespace swaplab::laws
