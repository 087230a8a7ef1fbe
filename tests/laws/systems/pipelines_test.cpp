// Where nothing contends, every pipeline is its recurrence, to the nanosecond: every span of every
// request, cold and as a stream.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/oracle/one_at_a_time.h"
#include "tests/laws/oracle/swapnet.h"
#include "tests/laws/oracle/whole_model.h"
#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

// Where a plan predicts a cold request, and nothing contends, the first request is what it
// predicts.
void expect_prediction(const oracle::Timeline& expected, const testing::Simulation& actual) {
    if (!actual.result.closed_form) return;
    EXPECT_EQ(static_cast<double>(count_ns(*actual.result.closed_form)),
              expected.latencies.front());
}

TEST(Pipelines, OnDemandIsOneCommandAtATime) {
    SWAPLAB_FOR_SEEDS(seed, 1, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            const auto actual =
                simulate(world.platform, world.model, "on-demand", world.options(mode));
            expect_timeline(oracle::one_at_a_time(table, 0, world.count(), mode_of(mode)), table, 0,
                            actual);
        }
        if (HasFailure()) return;
    }
}

// Each swap path: how many copies, and whether the assembly builds a dummy model.
struct PathCase {
    SwapPath path;
    int gpu_copies, cpu_copies;
    bool standard;
};
constexpr std::array kPaths{PathCase{SwapPath::zero_copy, 0, 0, false},
                            PathCase{SwapPath::staged, 1, 1, false},
                            PathCase{SwapPath::standard, 2, 1, true}};

TEST(Pipelines, SwapPathsOfOneCommandAtATime) {
    SWAPLAB_FOR_SEEDS(seed, 501, kTables / 2) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        for (const PathCase& path : kPaths)
            for (const char* policy : {"on-demand", "standard-swap", "load-all", "swapnet"})
                for (const ArrivalMode mode : kModes) {
                    SCOPED_TRACE(text("{} {} {}", policy, name_of(path.path), name_of(mode)));
                    const int copies = world.platform.nodes[0].compute == ComputeKind::gpu
                                           ? path.gpu_copies
                                           : path.cpu_copies;
                    Options options = world.options(mode);
                    options.path = path.path;
                    const auto actual = simulate(world.platform, world.model, policy, options);
                    ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
                    const oracle::Table table =
                        table_of(cost, blocks_of(actual.result), path.standard);
                    if (std::string_view(policy) == "load-all") {
                        const auto expected =
                            oracle::load_all(table.at(0), copies, world.count(), mode_of(mode));
                        expect_latencies(expected.latencies, expected.makespan, actual.result);
                    } else if (std::string_view(policy) == "swapnet") {
                        if (mode == ArrivalMode::stream) continue;  // places: see the next tests
                        expect_timeline(oracle::swapnet_events(table, 1e18, copies, world.count(),
                                                               mode_of(mode)),
                                        table, copies, actual);
                    } else {
                        const auto expected =
                            oracle::one_at_a_time(table, copies, world.count(), mode_of(mode));
                        expect_timeline(expected, table, copies, actual);
                        expect_prediction(expected, actual);
                    }
                }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, StandardSwapIsOneCommandAtATimeWithItsCopies) {
    SWAPLAB_FOR_SEEDS(seed, 1001, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const int copies = world.platform.nodes[0].compute == ComputeKind::gpu ? 2 : 1;
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            const auto actual =
                simulate(world.platform, world.model, "standard-swap", world.options(mode));
            const oracle::Table table = table_of(cost, blocks_of(actual.result), true);
            expect_timeline(oracle::one_at_a_time(table, copies, world.count(), mode_of(mode)),
                            table, copies, actual);
        }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, DirectExecutesOnly) {
    SWAPLAB_FOR_SEEDS(seed, 2001, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            Options options = world.options(mode);
            options.budget.reset();
            const auto actual = simulate(world.platform, world.model, "direct", options);
            const auto expected =
                oracle::direct(item_of(cost, world.model->whole()), world.count());
            expect_latencies(expected.latencies, expected.makespan, actual.result);
            for (const Completion& span : actual.record.spans)
                EXPECT_EQ(span.command.verb, Verb::execute);
            EXPECT_EQ(actual.result.swapped_in, Bytes{});
            EXPECT_EQ(actual.result.full_memory_latency, actual.result.latency.mean);
        }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, LoadAllReadsOnceThenExecutes) {
    SWAPLAB_FOR_SEEDS(seed, 3001, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Item item = item_of(cost, world.model->whole());
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            const auto actual =
                simulate(world.platform, world.model, "load-all", world.options(mode));
            ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
            const auto expected = oracle::load_all(item, 0, world.count(), mode_of(mode));
            expect_latencies(expected.latencies, expected.makespan, actual.result);
            const std::int64_t loads =
                item.has_parameters() ? (mode == ArrivalMode::cold ? world.requests : 1) : 0;
            EXPECT_EQ(std::ranges::count_if(
                          actual.record.spans,
                          [](const Completion& s) { return s.command.verb == Verb::read; }),
                      loads);
            EXPECT_EQ(actual.result.swapped_in, loads * cost.stored_bytes(world.model->whole()));
        }
        if (HasFailure()) return;
    }
}

// `buffer=min`, a random size and one that holds everything.
std::vector<Bytes> buffers_for(const oracle::Table& table, Rng& rng) {
    std::int64_t all = 0;
    for (const oracle::Item& item : table) all += static_cast<std::int64_t>(item.bytes);
    const auto least = static_cast<std::int64_t>(oracle::largest(table));
    return {Bytes{least}, Bytes{rng.between(least, std::max(least, all))},
            Bytes{rng.between(least, least + least / 2)}, Bytes{all + 7}};
}

struct RingPipeline {
    const char* name;
    int copies;
    int rings;
    oracle::Timeline (*expected)(const oracle::Table&, double, std::size_t, oracle::Mode,
                                 std::size_t);
};
constexpr std::array kRingPipelines{RingPipeline{"two-stage", 0, 1, &oracle::two_stage},
                                    RingPipeline{"async", 1, 2, &oracle::async}};

TEST(Pipelines, RingsOfDemandLayering) {
    SWAPLAB_FOR_SEEDS(seed, 4001, kTables) {
        const World world(seed);
        Rng rng(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        if (oracle::largest(table) == 0) continue;
        const std::size_t lanes = world.platform.nodes[0].assemble_lanes;
        for (const RingPipeline& pipeline : kRingPipelines)
            for (const ArrivalMode mode : kModes)
                for (const Bytes ring : buffers_for(table, rng)) {
                    const std::string spec =
                        text("demand-layering:pipeline={},buffer={}", pipeline.name, ring.count);
                    SCOPED_TRACE(spec + " " + std::string(name_of(mode)));
                    const auto actual =
                        simulate(world.platform, world.model, spec, world.options(mode));
                    const auto expected = pipeline.expected(table, static_cast<double>(ring.count),
                                                            world.count(), mode_of(mode), lanes);
                    expect_timeline(expected, table, pipeline.copies, actual);
                    expect_prediction(expected, actual);
                    EXPECT_EQ(actual.result.memory.arena_bytes, ring * pipeline.rings);
                }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, RingOfTheLargestLayer) {
    SWAPLAB_FOR_SEEDS(seed, 4501, kTables / 4) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        const double largest = oracle::largest(table);
        if (largest == 0) continue;
        for (const RingPipeline& pipeline : kRingPipelines) {
            const auto actual =
                simulate(world.platform, world.model,
                         text("demand-layering:pipeline={},buffer=min", pipeline.name),
                         world.options(ArrivalMode::cold));
            expect_timeline(pipeline.expected(table, largest, world.count(), oracle::Mode::cold,
                                              world.platform.nodes[0].assemble_lanes),
                            table, pipeline.copies, actual);
            EXPECT_EQ(actual.result.memory.arena_bytes,
                      Bytes{static_cast<std::int64_t>(largest) * pipeline.rings});
        }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, SyncTakesABarrierEveryStep) {
    SWAPLAB_FOR_SEEDS(seed, 5001, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            const auto actual = simulate(world.platform, world.model,
                                         "demand-layering:pipeline=sync", world.options(mode));
            const auto expected = oracle::sync(table, world.count(), mode_of(mode));
            expect_timeline(expected, table, 1, actual);
            // In a stream the next request's reads already share the last steps.
            if (mode == ArrivalMode::cold) expect_prediction(expected, actual);
            EXPECT_EQ(actual.result.memory.arena_bytes,
                      Bytes{static_cast<std::int64_t>(4 * oracle::largest(table))});
        }
        if (HasFailure()) return;
    }
}

TEST(Pipelines, SequentialIsOneCommandAtATimeWithACopy) {
    SWAPLAB_FOR_SEEDS(seed, 6001, kTables) {
        const World world(seed);
        const CostModel cost(*world.model, world.platform);
        const oracle::Table table = unit_table(cost);
        for (const ArrivalMode mode : kModes) {
            SCOPED_TRACE(name_of(mode));
            const auto actual =
                simulate(world.platform, world.model, "demand-layering:pipeline=sequential",
                         world.options(mode));
            const auto expected = oracle::one_at_a_time(table, 1, world.count(), mode_of(mode));
            expect_timeline(expected, table, 1, actual);
            expect_prediction(expected, actual);
            EXPECT_EQ(actual.result.memory.arena_bytes,
                      Bytes{static_cast<std::int64_t>(2 * oracle::largest(table))});
        }
        if (HasFailure()) return;
    }
}

// With an unlimited ring and free hand-offs the overhead is max(0, max_i(sum R_j - sum K_{j<i})).
TEST(Pipelines, UnlimitedRingHasThePublishedOverhead) {
    SWAPLAB_FOR_SEEDS(seed, 7901, kTables) {
        PlatformShape shape;
        shape.fractional = seed % 2 == 0;
        shape.free_hand_offs = true;
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed, shape);
        const oracle::Table table = unit_table(CostModel(*model, platform));
        double kernels = 0, bytes = 0;
        for (const oracle::Item& item : table) {
            kernels += item.execute;
            bytes += item.bytes;
        }
        if (bytes == 0) continue;
        Options options;
        options.budget = kPlenty;
        const auto run = simulate(platform, model,
                                  text("demand-layering:buffer={}", std::llround(bytes)), options);
        EXPECT_EQ(static_cast<double>(count_ns(run.result.makespan)),
                  kernels + oracle::unlimited_overhead(table));
        if (HasFailure()) return;
    }
}

// The sweep B = L + p MiB until the overhead is below the limit, else the best within the budget.
TEST(Pipelines, AutoBufferIsTheSweep) {
    constexpr double mib = 1048576;
    SWAPLAB_FOR_SEEDS(seed, 8001, kTables) {
        Rng rng(seed);
        ModelShape shape;
        shape.scale = 3 << 20;
        shape.percent_huge = 5;
        const ModelPtr model = random_model(seed, shape);
        PlatformShape platform_shape;
        platform_shape.scale = 3 << 20;
        platform_shape.per_block = rng.chance(50);
        Platform platform = random_platform(seed, platform_shape);
        platform.nodes[0].execute.other.per_block = 0;  // then the sum of K is direct's latency
        const CostModel cost(*model, platform);
        const oracle::Table table = unit_table(cost);
        const double largest = oracle::largest(table);
        if (largest == 0) continue;
        const std::int64_t limit_us = rng.between(0, 20000);
        for (const RingPipeline& pipeline : kRingPipelines) {
            const double most = largest + static_cast<double>(rng.between(0, 30)) * mib / 2;
            Options options;
            options.account = Account::parameters;
            options.budget = Bytes{static_cast<std::int64_t>(most) * pipeline.rings};
            const std::string spec =
                text("demand-layering:pipeline={},overhead={}us", pipeline.name, limit_us);
            SCOPED_TRACE(text("{} budget {}", spec, options.budget->count));
            const auto latency = [&](double ring) {
                return pipeline.expected(table, ring, 1, oracle::Mode::cold, 1).makespan;
            };
            const double ring =
                oracle::swept_buffer(table, most, static_cast<double>(limit_us) * 1000, latency);
            const auto actual = simulate(platform, model, spec, options);
            ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
            EXPECT_EQ(static_cast<double>(actual.result.memory.arena_bytes.count),
                      ring * pipeline.rings);
            EXPECT_EQ(static_cast<double>(count_ns(actual.result.makespan)), latency(ring));
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::laws
