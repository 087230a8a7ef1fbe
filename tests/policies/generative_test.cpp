// Generative models: a pass over the prompt, then one of each token, parameters re-read every time,
// a KV cache that grows.
#include <gtest/gtest.h>


#include "profiles/base/error.h"
#include "tests/support/generative_model.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

std::vector<Completion> executions(const Simulation& run) {
    std::vector<Completion> found;
    for (const Completion& span : run.record.by_ticket())
        if (span.command.verb == Verb::execute) found.push_back(span);
    return found;
}

// attention: 10 + 1600 = 1610 over the prompt; a token meets c keys: 10 + 1600·c/4^2 = 10 + 100·c.
// projection: 10 + 800 = 810 over the prompt; a token: 10 + 800/4 = 210.
TEST(Generative, GoldenTimelineOnDemand) {
    const auto model = std::make_shared<const Model>(testing::two_layers());
    Options options;
    options.budget = Bytes{1 << 20};
    const Simulation run = simulate(testing::plain_platform(), model, "on-demand", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    // One command at a time: pass p executes attention, reads 1000 bytes, executes the projection.
    const std::int64_t expected[3][2] = {{1610, 810}, {10 + 500, 210}, {10 + 600, 210}};
    const std::vector<Completion> spans = executions(run);
    ASSERT_EQ(spans.size(), 6U);
    std::int64_t at = 0;
    for (std::uint32_t pass = 0; pass < 3; ++pass)
        for (std::uint32_t block = 0; block < 2; ++block) {
            const Completion& span = spans[2 * pass + block];
            EXPECT_EQ(span.command.pass, pass);
            if (block == 1) at += 1000;
            EXPECT_EQ(count_ns(span.start), at);
            at += expected[pass][block];
            EXPECT_EQ(count_ns(span.end), at);
        }
    EXPECT_EQ(run.result.swapped_in, Bytes{3000});
    const JobResult& job = run.result.jobs[0];
    EXPECT_EQ(job.first_token.mean, Duration{1610 + 1000 + 810});
    EXPECT_EQ(job.next_token.min, Duration{510 + 1000 + 210});
    EXPECT_EQ(job.next_token.max, Duration{610 + 1000 + 210});
    // KV cache: 4 tokens of the prompt, then 2 more; the peak is at the projection of the last pass
    // or of the prompt: 1000 + max(4·8 + 40 + 40, 6·8 + (40 + 40)/4) = 1112.
    EXPECT_EQ(run.result.memory.peak, Bytes{1112});
    EXPECT_EQ(run.result.memory.by_category[static_cast<std::size_t>(Category::kv_cache)], Bytes{});
}

// Planners see the mean over the passes: (1610 + 510 + 610) / 3 and (810 + 210 + 210) / 3.
TEST(Generative, PlannersSeeTheMeanOverThePasses) {
    const Model model(testing::two_layers());
    const Platform platform = testing::plain_platform();
    const CostModel cost(model, platform);
    EXPECT_DOUBLE_EQ(cost.ns(Activity::execute, {0, 1}), 910);
    EXPECT_DOUBLE_EQ(cost.ns(Activity::execute, {1, 2}), 410);
}

TEST(Generative, LoadAllReadsOnce) {
    const auto model = std::make_shared<const Model>(testing::two_layers());
    Options options;
    options.budget = Bytes{1 << 20};
    const Simulation run = simulate(testing::plain_platform(), model, "load-all", options);
    EXPECT_EQ(run.result.swapped_in, Bytes{1000});
    EXPECT_EQ(run.result.latency.mean, Duration{1000 + 1610 + 810 + 510 + 210 + 610 + 210});
    EXPECT_EQ(run.result.full_memory_latency, Duration{1610 + 810 + 510 + 210 + 610 + 210});
}

// A plan reserves the KV cache at its full length: 6 tokens of 8 bytes; one byte less is refused.
TEST(Generative, TheBudgetCoversTheWholeKvCache) {
    const auto model = std::make_shared<const Model>(testing::two_layers());
    Options options;
    EXPECT_EQ(testing::minimum_of(testing::plain_platform(), model, "on-demand", options),
              Bytes{1000 + 80 + 48});
    options.account = Account::parameters;
    EXPECT_EQ(testing::minimum_of(testing::plain_platform(), model, "on-demand", options),
              Bytes{1000});
}

ModelPtr generative(std::uint64_t seed) {
    ModelSpec spec = testing::random_model(seed)->spec();
    testing::Rng rng(seed);
    spec.tokens = rng.between(2, 5);
    spec.prompt_tokens = rng.between(1, 9);
    for (Layer& layer : spec.layers) {
        if (rng.between(0, 2) == 0) layer.op = OpClass::attention;
        layer.kv_bytes_per_token = Bytes{rng.between(0, 1000)};
    }
    return std::make_shared<const Model>(std::move(spec));
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

// At their smallest budgets, cold and streamed: every token comes, the bound holds, the tokens'
// times add up to the latency, and nothing is left of the KV cache.
TEST(Generative, LawsOnRandomModels) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
        for (const char* spec : kPolicies) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            const ModelPtr model = generative(seed);
            testing::PlatformShape shape;
            shape.fractional = seed % 2 == 0;
            const Platform platform = testing::random_platform(seed, shape);
            Options options;
            options.mode = seed % 3 == 0 ? ArrivalMode::stream : ArrivalMode::cold;
            options.requests = 2;
            options.budget = testing::minimum_of(platform, model, spec, options);
            const Simulation run = simulate(platform, model, spec, options);
            const RunResult& result = run.result;
            ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
            EXPECT_LE(result.memory.peak, *options.budget);
            const JobResult& job = result.jobs[0];
            ASSERT_EQ(std::ssize(job.next_tokens), 2 * (model->passes() - 1));
            EXPECT_EQ(job.first_tokens.sum() + job.next_tokens.sum(), job.latencies.sum());
            const bool of_makespan = result.lower_bound_of == BoundOf::makespan;
            EXPECT_LE(result.lower_bound, of_makespan ? result.makespan : result.latency.min);
            EXPECT_EQ(result.memory.by_category[static_cast<std::size_t>(Category::kv_cache)],
                      Bytes{});
        }
}

// What planners decide with is the mean over the passes: the passes add up to it.
TEST(Generative, TheMeanPassIsTheMeanOfThePasses) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const ModelPtr model = generative(seed);
        const Platform platform = testing::random_platform(seed);
        const CostModel cost(*model, platform);
        const BlockFacts facts = facts_of(cost, model->whole(), SwapPath::zero_copy);
        double sum = 0;
        for (std::uint32_t pass = 0; pass < model->passes(); ++pass)
            sum += static_cast<double>(facts.of(kUse, pass).count());
        const auto passes = static_cast<double>(model->passes());
        EXPECT_NEAR(sum / passes, static_cast<double>(facts.use().count()), 1.0);
    }
}

// pipeload keeps the embedding (700 bytes) for all three passes and streams the projection (1000
// bytes) in each; it needs 700 + 1000 + 80 of activations + 48 of KV cache.
TEST(Generative, PipeloadKeepsEmbeddings) {
    ModelSpec spec = testing::two_layers();
    Layer embedding;
    embedding.name = "embedding";
    embedding.op = OpClass::embedding;
    embedding.inputs = {std::nullopt};
    embedding.parameter_bytes = Bytes{700};
    embedding.parameter_tensors = 1;
    embedding.output_bytes = Bytes{40};
    spec.layers[0].inputs = {LayerId{0}};
    spec.layers[1].inputs = {LayerId{1}};
    spec.layers.insert(spec.layers.begin(), embedding);
    const auto model = std::make_shared<const Model>(std::move(spec));
    Options options;
    options.requests = 2;
    options.budget = testing::minimum_of(testing::plain_platform(), model, "pipeload", options);
    EXPECT_EQ(options.budget, Bytes{700 + 1000 + 80 + 48});
    const Simulation run = simulate(testing::plain_platform(), model, "pipeload", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(run.result.swapped_in, Bytes{2 * (700 + 3 * 1000)});
    EXPECT_LE(run.result.memory.peak, *options.budget);
    int reads_of_embedding = 0;
    for (const Completion& span : run.record.spans)
        reads_of_embedding += span.command.verb == Verb::read && span.command.block.index == 0;
    EXPECT_EQ(reads_of_embedding, 2);
}

// Where the budget may change, a job has the blocks of several plans: what a request generated is
// still forgotten at its end. The trace repeats the smallest budget, so nothing may add up.
TEST(Generative, TheKvCacheIsForgottenWhereTheBudgetMayChange) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed)
        for (const char* spec : {"swapnet", "pipeload", "demand-layering", "standard-swap"}) {
            SCOPED_TRACE(text("seed {} {}", seed, spec));
            const ModelPtr model = generative(seed);
            const Platform platform = testing::random_platform(seed);
            Options options;
            options.requests = 3;
            options.budget = testing::minimum_of(platform, model, spec, options);
            Workload workload = testing::workload_of({model}, options);
            workload.budget_changes.push_back({kStart + Duration{1}, *options.budget});
            const Simulation run = simulate(platform, workload, spec, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            EXPECT_LE(run.result.memory.peak, *options.budget);
            EXPECT_EQ(run.result.memory.by_category[static_cast<std::size_t>(Category::kv_cache)],
                      Bytes{});
        }
}

}  // namespace
}  // namespace swaplab
