// Parameters that are shared, touched, gathered: facts of blocks, and every policy's runs, against
// an oracle of sets.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "policies/registry.h"
#include "profiles/base/text.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/laws/oracle/sharing.h"
#include "tests/support/random_platform.h"
#include "tests/support/sharing_model.h"
#include "tests/support/simulate.h"

namespace swaplab::laws {
namespace {

using testing::Options;
using testing::plan_of;
using testing::PlatformShape;
using testing::random_platform;
using testing::Rng;
using testing::sharing_model;
using testing::simulate;
using testing::Simulation;
using testing::SpanRecorder;

constexpr std::uint64_t kFacts = SWAPLAB_SANITIZED ? 100 : 500;
constexpr std::uint64_t kRuns = SWAPLAB_SANITIZED ? 10 : 60;

std::vector<oracle::SharedLayer> layers_of(const Model& model, bool of_token) {
    const std::int64_t prompt = std::max<std::int64_t>(1, model.spec().prompt_tokens);
    std::vector<oracle::SharedLayer> layers;
    for (const Layer& layer : model.layers()) {
        oracle::SharedLayer plain{layer.parameter_bytes.count,
                                  layer.bytes_on_storage().count,
                                  layer.parameter_tensors,
                                  {},
                                  layer.rows,
                                  0};
        for (const LayerId owner : layer.shares) plain.shares.push_back(owner.index);
        plain.touched = layer.rows_touched.value_or(std::min(prompt, layer.rows));
        if (of_token) plain.touched = (plain.touched + prompt - 1) / prompt;
        layers.push_back(std::move(plain));
    }
    return layers;
}

oracle::Rules rules_of(const Node& node) {
    return {node.memory.alignment.count,
            node.read.cost.request_bytes ? node.read.cost.request_bytes->count : 0};
}

// Models without divided layers: units are layers.
std::vector<oracle::SharedBlock> blocks_of(std::span<const Block> blocks,
                                           const StayingBlocks& staying) {
    std::vector<oracle::SharedBlock> plain;
    for (std::size_t b = 0; b < blocks.size(); ++b)
        plain.push_back({blocks[b].first, blocks[b].last,
                         staying.all || (!staying.kept.empty() && staying.kept[b])});
    return plain;
}

Platform platform_of(std::uint64_t seed) {
    Rng rng(seed);
    PlatformShape shape;
    shape.fractional = seed % 2 == 0;
    shape.most_alignment = rng.chance(40) ? 8192 : 1;
    Platform platform = testing::random_platform(seed, shape);
    LinearCost& read = platform.nodes.front().read.cost;
    if (rng.chance(50)) read.per_layer = 50'000 * rng.unit();
    if (rng.chance(50)) read.per_tensor = 20'000 * rng.unit();
    return platform;
}

// llround(per_byte · bytes + per_tensor · tensors + per_layer · layers + per_flop · FLOPs +
// per_activation_byte · activation bytes + per_block + per_request · requests), scaled by the mode.
Duration read_of(const CostModel& cost, Block block, const oracle::Brought& brought) {
    if (brought.bytes == 0) return {};
    const LinearCost& line = cost.node().read.cost;
    Features features = cost.features(block);
    const double ns =
        line.per_byte * static_cast<double>(brought.stored) +
        line.per_tensor * static_cast<double>(brought.tensors) +
        line.per_layer * static_cast<double>(block.size()) +
        line.per_flop * static_cast<double>(features.flops) +
        line.per_activation_byte * static_cast<double>(features.activation_bytes.count) +
        line.per_block + line.per_request * static_cast<double>(brought.requests);
    return Duration{std::llround(ns * cost.scale_of(Activity::read))};
}

void expect_load(const CostModel& cost, const BlockFacts& facts, std::uint32_t pass,
                 const oracle::Brought& expected) {
    EXPECT_EQ(facts.parameters_in(pass).count, expected.bytes);
    EXPECT_EQ(facts.held_in(pass).count, expected.held);
    EXPECT_EQ(facts.stored_in(pass).count, expected.stored);
    EXPECT_EQ(facts.has_parameters(), !facts.steps.empty());
    if (facts.has_parameters()) {
        EXPECT_EQ(facts.tensors, expected.tensors);
        EXPECT_EQ(facts.of(Verb::read, pass), read_of(cost, facts.units, expected));
    }
}

// Finest blocks joined at random, some of which stay.
std::vector<Block> random_cut(const Model& model, Rng& rng) {
    std::vector<Block> blocks;
    for (const Block finest : model.finest_blocks()) {
        if (!blocks.empty() && rng.chance(50))
            blocks.back().last = finest.last;
        else
            blocks.push_back(finest);
    }
    return blocks;
}

TEST(Sharing, FactsOfBlocksAreThoseOfTheOracle) {
    SWAPLAB_FOR_SEEDS(seed, 1, kFacts) {
        Rng rng(seed);
        const ModelPtr model = sharing_model(seed, rng.chance(50) ? rng.between(2, 4) : 0);
        const Platform platform = platform_of(seed);
        const CostModel cost(*model, platform);
        const std::vector<Block> blocks = random_cut(*model, rng);
        StayingBlocks staying;
        staying.all = rng.chance(10);
        if (rng.chance(50))
            for (std::size_t b = 0; b < blocks.size(); ++b) staying.kept.push_back(rng.chance(40));
        const auto facts = facts_of(cost, blocks, SwapPath::zero_copy, staying);
        for (const std::uint32_t pass : {0U, 1U}) {
            const auto expected =
                oracle::brought(layers_of(*model, pass > 0 && model->passes() > 1),
                                blocks_of(blocks, staying), rules_of(cost.node()));
            for (std::size_t b = 0; b < blocks.size(); ++b) {
                SCOPED_TRACE(text("block {} of {}, pass {}", b, blocks.size(), pass));
                expect_load(cost, facts[b], pass, expected[b]);
            }
        }
        if (::testing::Test::HasFailure()) return;
    }
}

constexpr const char* kPolicies[] = {"load-all",
                                     "on-demand",
                                     "standard-swap",
                                     "swapnet:allocator=ratio",
                                     "demand-layering",
                                     "demand-layering:pipeline=async",
                                     "demand-layering:pipeline=sync",
                                     "demand-layering:pipeline=sequential",
                                     "pipeload",
                                     "pipeload:agents=3",
                                     "pipeswitch"};

// Bytes that were read, by pass, from the spans and from the plan by the oracle.
void expect_bytes_read(const Model& model, const Platform& platform, const JobPlan& plan,
                       const Simulation& run) {
    const CostModel cost(model, platform);
    const StayingBlocks staying = plan.staying();
    std::int64_t sum = 0;
    for (const Completion& span : run.record.spans) {
        if (span.command.verb != Verb::read) continue;
        const bool token = span.command.pass > 0;
        const auto expected = oracle::brought(
            layers_of(model, token), blocks_of(plan.blocks, staying), rules_of(cost.node()));
        sum += expected[span.command.block.index].stored;
        const bool stays =
            staying.all || (!staying.kept.empty() && staying.kept[span.command.block.index]);
        EXPECT_TRUE(!stays || !token) << "what stays comes in once";
    }
    EXPECT_EQ(run.result.swapped_in.count, sum);
}

TEST(Sharing, EveryPolicyReadsWhatItsBlocksBring) {
    SWAPLAB_FOR_SEEDS(seed, 1, kRuns) {
        for (const char* spec : kPolicies) {
            SCOPED_TRACE(spec);
            Rng rng(seed);
            const ModelPtr model = sharing_model(seed, seed % 2 == 0 ? rng.between(2, 4) : 0);
            const Platform platform = platform_of(seed);
            Options options;
            options.account = rng.chance(50) ? Account::all : Account::parameters;
            options.mode = rng.chance(50) ? ArrivalMode::cold : ArrivalMode::stream;
            options.requests = rng.between(1, 2);
            const auto least = testing::minimum_of(platform, model, spec, options);
            ASSERT_TRUE(least);
            for (const double factor : {1.0, 1.3, 3.0}) {
                const double budget = factor * static_cast<double>(least->count);
                options.budget = Bytes{std::max<std::int64_t>(1, std::llround(budget))};
                const Simulation run = simulate(platform, model, spec, options);
                ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
                const auto outcome = testing::plan_of(platform, model, spec, options);
                const JobPlan& plan = std::get<Deployment>(outcome).jobs.front();
                expect_bytes_read(*model, platform, plan, run);
                EXPECT_LE(run.result.memory.peak, *options.budget);
                const Duration bounded = run.result.lower_bound_of == BoundOf::latency
                                             ? run.result.latency.min
                                             : run.result.makespan;
                EXPECT_LE(run.result.lower_bound, bounded);
            }
            if (::testing::Test::HasFailure()) return;
        }
    }
}

// Of policies that hold one block at a time the closed form is the latency; swapnet's, which ends
// with the last release, is never below.
TEST(Sharing, ClosedFormsHoldWhereNothingContends) {
    SWAPLAB_FOR_SEEDS(seed, 1, kRuns) {
        for (const char* spec : {"on-demand", "standard-swap", "swapnet:allocator=ratio"}) {
            SCOPED_TRACE(spec);
            const ModelPtr model = sharing_model(seed);
            const Platform platform = platform_of(seed);
            Options options;
            options.budget = testing::minimum_of(platform, model, spec, options);
            if (options.budget->count == 0) options.budget = Bytes{1};
            const Simulation run = simulate(platform, model, spec, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            if (std::string_view(spec).starts_with("swapnet"))
                EXPECT_GE(run.result.closed_form, run.result.latency.mean);
            else
                EXPECT_EQ(run.result.closed_form, run.result.latency.mean);
        }
    }
}

// A table of 4 rows of a page, gathered a row a pass, and a head tied to it; a read takes 1 ms a
// layer and 1 ns a byte. pipeload keeps the table, and its head is never read: 1 ms + 16 384 ns,
// then two passes of 2 · 10 ns. What every pass needs is a row, and all of the table at the head.
TEST(Sharing, TheBoundDoesNotReadLayersForOthersParameters) {
    ModelSpec spec;
    spec.name = "tied";
    spec.tokens = 2;
    spec.prompt_tokens = 1;
    Layer table;
    table.name = "wte";
    table.op = OpClass::embedding;
    table.inputs = {std::nullopt};
    table.parameter_bytes = Bytes{4 * 4096};
    table.parameter_tensors = 1;
    table.rows = 4;
    Layer head;
    head.name = "head";
    head.inputs = {LayerId{0}};
    head.shares = {LayerId{0}};
    spec.layers = {table, head};
    Platform platform;
    Node& node = platform.nodes.emplace_back();
    node.read.cost.per_layer = 1e6;
    node.read.cost.per_byte = 1;
    node.execute.other.per_layer = 10;
    Options options;
    options.budget = Bytes{1 << 20};
    const auto model = std::make_shared<const Model>(std::move(spec));
    const RunResult result = simulate(platform, model, "pipeload", options).result;
    EXPECT_EQ(result.latency.mean, Duration{1'000'000 + 16'384 + 2 * 2 * 10});
    // P = R_wte + R_head + K_head = (1 ms + 4096) + 12 288 + 10, and another pass, less rounding.
    EXPECT_LE(result.lower_bound, result.latency.mean);
    EXPECT_GE(result.lower_bound, Duration{1'000'000 + 16'384});
}

// --- The right values of faults that were found from outside ------------------------------------

Simulation run_builtin(const char* name, const ModelOptions& model, const char* device,
                       const char* spec, Bytes budget) {
    Options options;
    options.budget = budget;
    return simulate(*builtin_device(device),
                    std::make_shared<const Model>(*builtin_model(name, model)), spec, options);
}

// GPT-2 medium, 8 tokens behind a prompt of 64, a row of 4096 bytes being a page: every pass reads
// all but both tables (354 823 168 - 50257 · 1024 - 1024 · 1024 parameters of 4 bytes) and the
// words' table for the head; the prompt's also gathers 64 rows of each table, the others one of
// each. Until then it was 8 times all parameters, with a head whose weights had left: 11.354 GB.
TEST(Sharing, Gpt2ReadsItsHeadInEveryPass) {
    const std::int64_t words = 50257LL * 1024 * 4;
    const std::int64_t rest = 4 * 354'823'168LL - words - 1024LL * 1024 * 4;
    const std::int64_t rows = (64 + 7 * 1) * 2 * 4096LL;
    for (const char* spec : {"on-demand", "swapnet", "demand-layering"}) {
        const Simulation run =
            run_builtin("gpt2-medium", {.tokens = 8}, "jetson-xavier-nx", spec, Bytes{700'000'000});
        ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
        EXPECT_EQ(run.result.swapped_in.count, 8 * (rest + words) + rows) << spec;
        EXPECT_NEAR(static_cast<double>(run.result.swapped_in.count), 11.32e9, 0.005e9);
    }
}

// pipeload keeps the embeddings, whose table its head uses: all parameters once, then all but them.
TEST(Sharing, PipeloadKeepsTheTableForTheHead) {
    const std::int64_t all = 4 * 354'823'168LL;
    const std::int64_t tables = (50257LL + 1024) * 1024 * 4;
    const Simulation run = run_builtin("gpt2-medium", {.tokens = 8}, "jetson-xavier-nx", "pipeload",
                                       Bytes{700'000'000});
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(run.result.swapped_in.count, all + 7 * (all - tables));
}

// Whether the block has come in by `from` and is not released before `until`.
bool is_there(const SpanRecorder& record, BlockId block, Time from, Time until) {
    bool there = false;
    for (const Completion& span : record.by_ticket()) {
        if (span.command.block != block) continue;
        if (swaps_in(span.command.verb) && span.end <= from) there = true;
        if (swaps_out(span.command.verb) && span.start < until) there = false;
    }
    return there;
}

// Kept blocks whose parameters a later block shares stay until that has executed: until then the
// last request of GPT-2 executed its head with a table that had been released, as in fault F2.
TEST(Sharing, WhatIsKeptIsThereForAllThatUseIt) {
    int shared = 0;
    SWAPLAB_FOR_SEEDS(seed, 1, kRuns) {
        const ModelPtr model = sharing_model(seed, seed % 3 == 0 ? 3 : 0);
        const Platform platform = random_platform(seed, {});
        for (const char* spec :
             {"pipeload", "on-demand:keep=auto", "swapnet:keep=auto", "demand-layering:keep=auto",
              "demand-layering:pipeline=sync,keep=auto", "pipeload:keep=auto"}) {
            SCOPED_TRACE(spec);
            Options options;
            options.requests = 2;
            options.mode = seed % 2 == 0 ? ArrivalMode::cold : ArrivalMode::stream;
            options.budget = Bytes{3 * model->parameter_bytes().count + (std::int64_t{1} << 26)};
            const PlanOutcome outcome = plan_of(platform, model, spec, options);
            const JobPlan& plan = std::get<Deployment>(outcome).jobs.front();
            const std::vector<BlockFacts> facts = facts_of(CostModel(*model, platform), plan);
            const Simulation run = simulate(platform, model, spec, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            for (const Completion& span : run.record.spans) {
                if (!uses(span.command.verb)) continue;
                const BlockFacts& block = facts[span.command.block.index];
                for (const UnitId unit : block.units)
                    for (const LayerId owner : model->layer(model->layer_of(unit)).shares) {
                        const bool own =
                            owner.index >= model->layer_of({block.units.first}).index ||
                            std::ranges::count(block.brought, owner, &BroughtLayer::owner) > 0;
                        if (own) continue;
                        ++shared;
                        bool there = false;
                        for (std::uint32_t b = 0; b < span.command.block.index; ++b) {
                            bool has = std::ranges::count(facts[b].brought, owner,
                                                          &BroughtLayer::owner) > 0;
                            for (const UnitId other : facts[b].units)
                                has |= model->layer_of(other) == owner;
                            there |= has && plan.keeps(BlockId{b}) &&
                                     is_there(run.record, BlockId{b}, span.start, span.end);
                        }
                        EXPECT_TRUE(there) << "layer " << owner.index << " for block "
                                           << span.command.block.index;
                    }
            }
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(shared, 0);
}

// GPT-J's table of words took 7.54 ms, as if all of it were read: a pass touches 64 rows.
TEST(Sharing, GptJTouchesTheRowsOfItsPrompt) {
    const Model model = *builtin_model("gpt-j-6b", {});
    const Platform platform = *builtin_device("jetson-xavier-nx");
    const CostModel cost(model, platform);
    EXPECT_EQ(cost.execute_features(UnitId{0}).bytes.count, 64LL * 4096 * 2);
    EXPECT_NEAR(cost.prompt_unit_ns(UnitId{0}), 0.03e6, 0.01e6);
}

}  // namespace
}  // namespace swaplab::laws
