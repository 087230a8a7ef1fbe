// pipeswitch: against its recurrence, its groups against all groupings, by hand.
#include <gtest/gtest.h>

#include "tests/laws/oracle/pipeswitch.h"
#include "tests/laws/world.h"

namespace swaplab::laws {
namespace {

TEST(Pipeswitch, IsItsRecurrence) {
    SWAPLAB_FOR_SEEDS(seed, 10001, kTables) {
        const World world(seed);
        Rng rng(seed);
        const CostModel cost(*world.model, world.platform);
        for (const ArrivalMode mode : kModes)
            for (const SwapPath path : {SwapPath::zero_copy, SwapPath::staged}) {
                Options options = world.options(mode);
                options.path = path;
                const std::string spec =
                    rng.chance(50) ? "pipeswitch" : text("pipeswitch:group={}", rng.between(1, 5));
                SCOPED_TRACE(text("{} {} {}", spec, name_of(mode), name_of(path)));
                const auto actual = simulate(world.platform, world.model, spec, options);
                const oracle::Table groups = table_of(cost, blocks_of(actual.result));
                const int copies = path == SwapPath::staged ? 1 : 0;
                const auto expected =
                    oracle::pipeswitch(groups, copies, world.count(), mode_of(mode));
                expect_timeline(expected, groups, copies, actual);
                EXPECT_EQ(static_cast<double>(count_ns(*actual.result.closed_form)),
                          oracle::pipeswitch(groups, copies, 1, oracle::Mode::cold).makespan);
            }
        if (HasFailure()) return;
    }
}

// The groups are the best of all 2^(n-1), within the staging that the budget leaves.
TEST(Pipeswitch, ChoosesTheBestGroups) {
    int between = 0;
    SWAPLAB_FOR_SEEDS(seed, 10501, kTables / 2) {
        const World world(seed);
        Rng rng(seed);
        if (world.model->finest_blocks().size() > 10) continue;
        const CostModel cost(*world.model, world.platform);
        const auto units = world.model->finest_blocks();
        for (const SwapPath path : {SwapPath::zero_copy, SwapPath::staged}) {
            Options options = world.options(ArrivalMode::cold);
            options.requests = 1;
            options.path = path;
            options.account = Account::parameters;
            const Bytes least =
                *testing::minimum_of(world.platform, world.model, "pipeswitch", options);
            const double all = [&] {
                double bytes = 0;
                for (const oracle::Item& item : unit_table(cost)) bytes += item.bytes;
                return bytes;
            }();
            options.budget = Bytes{std::max<std::int64_t>(
                1, least.count + rng.between(0, world.model->parameter_bytes().count))};
            const double staging = static_cast<double>(options.budget->count) - all;
            double best = -1;
            for (std::uint32_t cuts = 0; cuts < 1U << (units.size() - 1); ++cuts) {
                std::vector<UnitRange> groups{units[0]};
                for (std::size_t u = 1; u < units.size(); ++u)
                    if ((cuts >> (u - 1) & 1U) != 0)
                        groups.push_back(units[u]);
                    else
                        groups.back().last = units[u].last;
                const oracle::Table table = table_of(cost, groups);
                const bool fits = std::ranges::all_of(
                    table, [&](const oracle::Item& g) { return g.bytes <= staging; });
                if (path == SwapPath::staged && !fits) continue;
                const double delay = oracle::pipeswitch(table, path == SwapPath::staged ? 1 : 0, 1,
                                                        oracle::Mode::cold)
                                         .makespan;
                if (best < 0 || delay < best) best = delay;
            }
            const RunResult r = simulate(world.platform, world.model, "pipeswitch", options).result;
            ASSERT_EQ(r.verdict, Verdict::ok) << r.reason;
            EXPECT_EQ(static_cast<double>(count_ns(r.latency.mean)), best) << name_of(path);
            const std::size_t groups = r.jobs[0].blocks.size();
            between += groups > 1 && groups < units.size() ? 1 : 0;
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(between, 10) << "neither one group nor all";
}

// A (4 bytes), B (no parameters), C (2 bytes); read 10 a byte, assembly 3, release 2; A executes in
// 30, B in 10, C in 50. Everything is released at the end of C; a second request of a stream waits
// for that.
TEST(Pipeswitch, ByHand) {
    ModelSpec spec;
    spec.name = "abc";
    const std::array<std::int64_t, 3> bytes{4, 0, 2}, flops{30, 10, 50};
    for (std::uint32_t i = 0; i < 3; ++i) {
        Layer layer;
        layer.name = std::string(1, static_cast<char>('A' + i));
        if (i > 0) layer.inputs = {LayerId{i - 1}};
        layer.parameter_bytes = {bytes[i]};
        layer.parameter_tensors = bytes[i] > 0 ? 1 : 0;
        layer.other_ops = flops[i];
        spec.layers.push_back(layer);
    }
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    Node& node = platform.nodes[0];
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = 10;
    node.cost(Activity::copy).per_byte = 5;
    node.cost(Activity::assemble).per_tensor = 3;
    node.cost(Activity::release).per_tensor = 2;
    node.execute.other.per_flop = 1;
    const auto model = std::make_shared<const Model>(spec);
    const auto lines = [&](const std::string& policy, Options options) {
        options.budget = Bytes{100};
        std::vector<std::string> all;
        for (const Completion& s : simulate(platform, model, policy, options).record.by_ticket())
            all.push_back(text("{} {} {}-{}", name_of(s.command.verb), s.command.block.index,
                               count_ns(s.start), count_ns(s.end)));
        return all;
    };
    Options options;
    options.mode = ArrivalMode::stream;
    options.requests = 2;
    EXPECT_EQ(lines("pipeswitch:group=1", options),
              (std::vector<std::string>{
                  "read 0 0-40", "assemble 0 40-43", "execute 0 43-73", "execute 1 73-83",
                  "read 2 43-63", "assemble 2 63-66", "execute 2 83-133", "release 0 133-135",
                  "release 2 133-135", "read 0 135-175", "assemble 0 175-178", "execute 0 178-208",
                  "execute 1 208-218", "read 2 178-198", "assemble 2 198-201", "execute 2 218-268",
                  "release 0 268-270", "release 2 268-270"}));
    // Two units a group: AB and C; staged, with a copy of 5 ns a byte.
    options = {};
    options.path = SwapPath::staged;
    EXPECT_EQ(lines("pipeswitch:group=2", options),
              (std::vector<std::string>{"read 0 0-40", "copy 0 40-60", "assemble 0 60-63",
                                        "execute 0 63-103", "read 1 63-83", "copy 1 83-93",
                                        "assemble 1 93-96", "execute 1 103-153",
                                        "release 0 153-155", "release 1 153-155"}));
    options.budget = Bytes{1};
    const auto refused = simulate(platform, model, "pipeswitch", options).result;
    EXPECT_EQ(refused.verdict, Verdict::infeasible);
    EXPECT_EQ(refused.minimum_budget, Bytes{6 + 4});  // everything, and A in staging
}

// What is read once serves all tokens of a request, and is released with the last.
TEST(Pipeswitch, StaysForAllPassesOfARequest) {
    ModelSpec spec;
    spec.name = "generative";
    spec.tokens = 3;
    spec.prompt_tokens = 1;
    for (std::uint32_t i = 0; i < 2; ++i) {
        Layer layer;
        layer.name = text("layer{}", i);
        if (i > 0) layer.inputs = {LayerId{i - 1}};
        layer.parameter_bytes = {4};
        layer.parameter_tensors = 1;
        layer.other_ops = 10;
        spec.layers.push_back(layer);
    }
    Platform platform;
    platform.name = "plain";
    platform.nodes.resize(1);
    platform.nodes[0].memory.capacity = {1 << 20};
    platform.nodes[0].read.cost.per_byte = 10;
    platform.nodes[0].execute.other.per_flop = 1;
    const auto model = std::make_shared<const Model>(spec);
    Options options;
    options.budget = Bytes{100};
    const auto count = [&](const char* policy, Verb verb) {
        const auto run = simulate(platform, model, policy, options);
        EXPECT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
        return std::ranges::count_if(run.record.spans,
                                     [&](const Completion& s) { return s.command.verb == verb; });
    };
    EXPECT_EQ(count("pipeswitch", Verb::execute) / count("pipeswitch", Verb::read), 3);
    EXPECT_EQ(count("pipeswitch", Verb::read), count("pipeswitch", Verb::release));
    EXPECT_EQ(count("pipeload", Verb::read), 6);  // re-streamed for every token
}

}  // namespace
}  // namespace swaplab::laws
