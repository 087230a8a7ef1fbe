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
    return std::get<Deployment>(outcome).jobs[{0}];
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
        const std::size_t n = model->finest_blocks().size();
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

// Where nothing contends but the reads among themselves, the planner's prediction is exact; no
// number of agents is faster than `auto`, and no smaller one as fast.
TEST(Pipeload, PlansWhatHappensAndChoosesTheBest) {
    int several = 0;
    SWAPLAB_FOR_SEEDS(seed, 9001, kTables / 2) {
        Rng rng(seed);
        PlatformShape shape;
        shape.fractional = seed % 2 == 0;
        shape.concurrency = seed % 3 != 0;
        shape.read_table = seed % 4 < 2;
        shape.most_assemble_lanes = 3;
        const ModelPtr model = random_model(seed);
        Platform platform = random_platform(seed, shape);
        if (seed % 3 == 0) give_full_speed(platform);
        Options options;
        options.account = Account::parameters;
        options.budget = tight_budget(platform, model, options, rng);
        const auto automatic = simulate(platform, model, "pipeload", options);
        ASSERT_EQ(automatic.result.verdict, Verdict::ok) << automatic.result.reason;
        EXPECT_EQ(automatic.result.closed_form, automatic.result.latency.mean);
        std::size_t best = 1;
        std::optional<Duration> least;
        for (std::size_t agents = 1; agents <= model->layer_count() + 1; ++agents) {
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

// A dispatcher that may reorder has few blocks submitted ahead; of one DNN alone they are enough
// for the same timeline as without a limit.
TEST(Pipeload, LooksFarEnoughAhead) {
    SWAPLAB_FOR_SEEDS(seed, 9901, kTables / 2) {
        Rng rng(seed);
        const ModelPtr model = random_model(seed);
        PlatformShape shape;
        shape.concurrency = seed % 2 == 0;
        Platform platform = random_platform(seed, shape);
        if (seed % 3 == 0) give_full_speed(platform);
        const std::string spec = spec_of(static_cast<std::size_t>(rng.between(1, 5)));
        Options options;
        options.mode = ArrivalMode::stream;
        options.requests = 3;
        options.budget = tight_budget(platform, model, options, rng);
        const auto spans = [&](const char* dispatch) {
            options.dispatch = dispatch;
            std::vector<std::string> lines;
            for (const Completion& s : simulate(platform, model, spec, options).record.by_ticket())
                lines.push_back(text("{} {} {} {}..{}", name_of(s.command.verb),
                                     s.command.request.index, s.command.block.index,
                                     count_ns(s.start), count_ns(s.end)));
            return lines;
        };
        EXPECT_EQ(spans("priority"), spans("fcfs")) << spec;
        if (HasFailure()) return;
    }
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
                simulate(platform, model, text("swapnet:blocks={}", model->finest_blocks().size()),
                         options)
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

}  // namespace
}  // namespace swaplab::laws
