// pipeload: against its recurrence, against a replay of its rules with everything that contends,
// by hand, and the laws of its agents.
#include <gtest/gtest.h>

#include "tests/laws/oracle/pipeload.h"
#include "tests/laws/replay.h"
#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

std::string spec_of(std::size_t agents) { return text("pipeload:agents={}", agents); }

const JobPlan& plan_of_job(const PlanOutcome& outcome) {
    return std::get<Deployment>(outcome).jobs.at(0);
}

// A storage that gives every one of 16 reads the speed of a lone one.
void give_full_speed(Platform& platform) {
    std::vector<double>& total = platform.nodes[0].read.concurrency;
    total.clear();
    for (int k = 1; k <= 16; ++k) total.push_back(k);
}

// A budget between the minimum and what holds everything.
Bytes tight_budget(const Platform& platform, const ModelPtr& model, const Options& options,
                   Rng& rng) {
    const Bytes least = *testing::minimum_of(platform, model, "pipeload", options);
    return {
        std::max<std::int64_t>(1, least.count + rng.between(0, model->parameter_bytes().count))};
}

TEST(Pipeload, IsItsRecurrence) {
    SWAPLAB_FOR_SEEDS(seed, 8001, kTables) {
        World world(seed);
        give_full_speed(world.platform);
        Rng rng(seed);
        const oracle::Table table = unit_table(CostModel(*world.model, world.platform));
        for (const ArrivalMode mode : kModes) {
            const auto agents = static_cast<std::size_t>(rng.between(1, 6));
            Options options = world.options(mode);
            options.account = rng.chance(50) ? Account::all : Account::parameters;
            options.budget = tight_budget(world.platform, world.model, options, rng);
            SCOPED_TRACE(
                text("{} agents, {}, budget {}", agents, name_of(mode), options.budget->count));
            const auto actual = simulate(world.platform, world.model, spec_of(agents), options);
            const auto expected = oracle::pipeload(
                table, agents, static_cast<double>(actual.result.memory.arena_bytes.count),
                world.count(), mode_of(mode), world.platform.nodes[0].assemble_lanes);
            expect_timeline(expected, table, 0, actual);
        }
        if (HasFailure()) return;
    }
}

// Everything contends; the rules are the page's, not what the policy asked for.
TEST(Pipeload, IsTheReplayOfItsRules) {
    SWAPLAB_FOR_SEEDS(seed, 8501, kTables / 2) {
        Rng rng(seed);
        ModelShape model_shape;
        model_shape.most_layers = 8;
        PlatformShape shape;
        shape.fractional = shape.concurrency = shape.contention = true;
        shape.speed_ups = rng.chance(50);
        shape.positive = true;
        shape.most_assemble_lanes = 3;
        const ModelPtr model = random_model(seed, model_shape);
        const Platform platform = random_platform(seed, shape);
        const auto agents = static_cast<std::size_t>(rng.between(1, 5));
        Options options;
        options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
        options.requests = rng.between(1, 3);
        options.budget = tight_budget(platform, model, options, rng);
        SCOPED_TRACE(text("{} agents, {}", agents, name_of(options.mode)));
        const auto actual = simulate(platform, model, spec_of(agents), options);
        ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
        const oracle::Script script = oracle::pipeload_script(
            unit_table(CostModel(*model, platform)), agents,
            static_cast<std::size_t>(options.requests), mode_of(options.mode));
        oracle::NodeReplay replay(
            rules_of_node(platform, static_cast<std::uint32_t>(agents)),
            {{oracle::ArenaRules::Kind::counter, actual.result.memory.arena_bytes.count, 0}},
            script.tasks, script.holdings, {{0, 0, script.tasks.size()}});
        replay.run();
        const std::size_t n = model->units().size();
        for (const Completion& span : actual.record.spans) {
            const auto& ids =
                script.items[span.command.request.index * n + span.command.block.index];
            const std::size_t id = span.command.verb == Verb::read       ? ids.read
                                   : span.command.verb == Verb::assemble ? ids.assemble
                                   : span.command.verb == Verb::execute  ? ids.execute
                                                                         : ids.release;
            const oracle::Task& task = replay.tasks().at(id);
            EXPECT_EQ(count_ns(span.start), task.start) << name_of(span.command.verb);
            EXPECT_EQ(count_ns(span.end), task.end) << name_of(span.command.verb);
        }
        if (HasFailure()) return;
    }
}

// Where nothing contends but the reads among themselves, the planner's prediction is exact; `auto`
// is the best number of agents, of equals the least.
TEST(Pipeload, PlansWhatHappensAndChoosesTheBest) {
    int several = 0;
    SWAPLAB_FOR_SEEDS(seed, 9001, kTables / 2) {
        Rng rng(seed);
        PlatformShape shape;
        shape.fractional = seed % 2 == 0;
        shape.concurrency = seed % 3 != 0;
        shape.most_assemble_lanes = 3;
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed, shape);
        Options options;
        options.account = Account::parameters;
        options.budget = tight_budget(platform, model, options, rng);
        const auto automatic = simulate(platform, model, "pipeload", options);
        ASSERT_EQ(automatic.result.verdict, Verdict::ok) << automatic.result.reason;
        EXPECT_EQ(automatic.result.closed_form, automatic.result.latency.mean);
        const std::size_t most = oracle::most_agents(unit_table(CostModel(*model, platform)),
                                                     static_cast<double>(options.budget->count));
        std::size_t best = 1;
        std::optional<Duration> least;
        for (std::size_t agents = 1; agents <= most; ++agents) {
            const RunResult r = simulate(platform, model, spec_of(agents), options).result;
            EXPECT_EQ(r.closed_form, r.latency.mean) << agents;
            if (least && r.latency.mean >= *least) continue;
            least = r.latency.mean;
            best = agents;
        }
        const PlanOutcome outcome = testing::plan_of(platform, model, "pipeload", options);
        EXPECT_EQ(plan_of_job(outcome).parallel_reads, best);
        EXPECT_EQ(automatic.result.latency.mean, *least);
        several += best > 1 ? 1 : 0;
        if (HasFailure()) return;
    }
    EXPECT_GT(several, 10) << "the search has something to find";
}

// m agents hold at most m + 1 layers, and two neighbours whenever they fit.
TEST(Pipeload, HoldsAtMostOneLayerMoreThanAgents) {
    bool reached = false;
    SWAPLAB_FOR_SEEDS(seed, 9501, kTables / 2) {
        World world(seed);
        Rng rng(seed);
        const auto agents = static_cast<std::size_t>(rng.between(1, 4));
        Options options = world.options(rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream);
        if (rng.chance(50))
            options.budget = tight_budget(world.platform, world.model, options, rng);
        const auto run = simulate(world.platform, world.model, spec_of(agents), options);
        ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
        for (const Completion& read : run.record.spans) {
            if (read.command.verb != Verb::read) continue;
            std::size_t held = 0;
            for (const Completion& other : run.record.spans) {
                if (other.command.verb != Verb::read || other.ticket > read.ticket) continue;
                const auto released = std::ranges::find_if(run.record.spans, [&](const auto& s) {
                    return s.command.verb == Verb::release &&
                           s.command.request == other.command.request &&
                           s.command.block == other.command.block;
                });
                ASSERT_NE(released, run.record.spans.end());
                held += released->end > read.start ? 1 : 0;
            }
            EXPECT_LE(held, agents + 1);
            reached = reached || held == agents + 1;
        }
        if (HasFailure()) return;
    }
    EXPECT_TRUE(reached);
}

// One agent and two blocks of SwapNet differ in the hand-off only: where it is free, one agent is
// SwapNet with a block per layer.
TEST(Pipeload, OneAgentIsSwapNetWithABlockPerLayer) {
    SWAPLAB_FOR_SEEDS(seed, 9801, kTables / 2) {
        ModelShape model_shape;
        model_shape.percent_without_parameters = 0;
        PlatformShape shape;
        shape.free_hand_offs = true;
        shape.per_block = false;
        const ModelPtr model = random_model(seed, model_shape);
        const Platform platform = random_platform(seed, shape);
        for (const ArrivalMode mode : kModes) {
            Options options;
            options.budget = kPlenty;
            options.mode = mode;
            options.requests = 2;
            const RunResult ours = simulate(platform, model, spec_of(1), options).result;
            const RunResult swapnet =
                simulate(platform, model, text("swapnet:blocks={}", model->units().size()), options)
                    .result;
            if (mode == ArrivalMode::cold) {
                EXPECT_EQ(ours.latency.mean, swapnet.latency.mean);
            } else {
                EXPECT_LE(ours.makespan, swapnet.makespan);  // its arena may not bridge requests
            }
        }
        if (HasFailure()) return;
    }
}

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
    platform.nodes[0].assemble.per_tensor = 3;
    platform.nodes[0].release.per_tensor = 2;
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

// The closed forms of 4-systems, N equal layers, nothing for assembly and release.
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
