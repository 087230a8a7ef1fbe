// Requests of a generative model whose token counts differ.
#include <gtest/gtest.h>

#include <map>

#include "policies/port/request_facts.h"
#include "profiles/base/text.h"
#include "tests/support/generative_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/sharing_model.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::Rng;
using testing::simulate;
using testing::Simulation;

ModelPtr two_layers() { return std::make_shared<const Model>(testing::two_layers()); }

Workload listed(const ModelPtr& model, std::vector<TokenCounts> tokens) {
    Workload workload;
    Job& job = workload.jobs.emplace_back();
    job.model = model;
    job.mode = ArrivalMode::listed;
    job.requests = std::ssize(tokens);
    job.arrivals = IdVector<RequestId, Time>(tokens.size(), kStart);
    job.tokens = std::move(tokens);
    return workload;
}

std::vector<Duration> executions(const Simulation& run, std::uint32_t request) {
    std::vector<Duration> found;
    for (const Completion& span : run.record.by_ticket())
        if (span.command.verb == Verb::execute && span.command.request.index == request)
            found.push_back(span.end - span.start);
    return found;
}

// A prompt of 2: attention 10 + 1600 · (2/4)^2 = 410, projection 10 + 800 · 2/4 = 410; the token
// after it meets c = 3: 10 + 3 · 1600/4^2 = 310 and 10 + 800/4 = 210. A prompt of 3 with one token:
// 10 + 900 and 10 + 600. The model's own: 1610, 810; 510, 210; 610, 210.
TEST(TokenCounts, EachRequestTakesItsOwnPasses) {
    Options options;
    options.budget = Bytes{1 << 20};
    const Simulation run =
        simulate(testing::plain_platform(), listed(two_layers(), {{2, 2}, {4, 3}, {3, 1}}),
                 "on-demand", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    const auto ns = [](std::vector<std::int64_t> all) {
        return std::vector<Duration>(all.begin(), all.end());
    };
    EXPECT_EQ(executions(run, 0), ns({410, 410, 310, 210}));
    EXPECT_EQ(executions(run, 1), ns({1610, 810, 510, 210, 610, 210}));
    EXPECT_EQ(executions(run, 2), ns({910, 610}));
    EXPECT_EQ(run.result.swapped_in, Bytes{(2 + 3 + 1) * 1000});
    EXPECT_EQ(run.result.jobs[0].first_tokens.size(), 3U);
    EXPECT_EQ(run.result.jobs[0].next_tokens.size(), 1U + 2U);
}

// KV cache of 8 bytes a token, alive tensors of 40 + 40 over a prompt of 4. Of a prompt of 2 with 2
// tokens: 1000 + max(2 · 8 + 20 + 20, 3 · 8 + 10 + 10) = 1056.
TEST(TokenCounts, MemoryIsThatOfTheRequest) {
    Options options;
    options.budget = Bytes{1 << 20};
    const auto peak = [&](TokenCounts tokens) {
        return simulate(testing::plain_platform(), listed(two_layers(), {tokens}), "on-demand",
                        options)
            .result.memory.peak;
    };
    EXPECT_EQ(peak({2, 2}), Bytes{1056});
    EXPECT_EQ(peak({4, 3}), Bytes{1112});
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
                                     "pipeswitch",
                                     "direct"};

// Counts that are the model's own change nothing, to the nanosecond.
TEST(TokenCounts, ThoseOfTheModelAreNoOthers) {
    SWAPLAB_FOR_SEEDS(seed, 1, 10) {
        for (const char* spec : kPolicies) {
            SCOPED_TRACE(spec);
            const ModelPtr model = testing::sharing_model(seed, 3);
            const Platform platform = testing::random_platform(seed);
            Options options;
            options.budget = Bytes{std::int64_t{1} << 40};
            const TokenCounts own{model->spec().prompt_tokens, 3};
            Workload with = listed(model, {own, own});
            Workload without = with;
            without.jobs.front().tokens.clear();
            const Simulation a = simulate(platform, with, spec, options);
            const Simulation b = simulate(platform, without, spec, options);
            EXPECT_EQ(a.record.log(), b.record.log());
            EXPECT_EQ(a.result.latency.mean, b.result.latency.mean);
            EXPECT_EQ(a.result.memory.peak, b.result.memory.peak);
            EXPECT_EQ(a.result.swapped_in, b.result.swapped_in);
            EXPECT_EQ(a.result.lower_bound, b.result.lower_bound);
        }
        if (::testing::Test::HasFailure()) return;
    }
}

// Every request executes each block once in each of its passes; fewer tokens are never slower, and
// the bound holds.
TEST(TokenCounts, EveryPolicyAtItsLeastBudget) {
    SWAPLAB_FOR_SEEDS(seed, 1, SWAPLAB_SANITIZED ? 10 : 40) {
        for (const char* spec : kPolicies) {
            SCOPED_TRACE(spec);
            Rng rng(seed);
            const ModelPtr model = testing::sharing_model(seed, 4);
            const Platform platform = testing::random_platform(seed);
            std::vector<TokenCounts> tokens;
            for (int r = 0; r < 4; ++r)
                tokens.push_back({rng.between(1, model->spec().prompt_tokens), rng.between(1, 4)});
            Options options;
            options.budget = testing::minimum_of(platform, model, spec, options);
            if (!options.budget || options.budget->count == 0) options.budget = Bytes{1};
            const Simulation run = simulate(platform, listed(model, tokens), spec, options);
            ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
            const std::size_t blocks = run.result.jobs[0].blocks.size();
            for (std::uint32_t r = 0; r < tokens.size(); ++r)
                EXPECT_EQ(executions(run, r).size(),
                          blocks * static_cast<std::size_t>(tokens[r].output));
            EXPECT_LE(run.result.lower_bound, run.result.makespan);
            if (std::string_view(spec) != "direct") {
                EXPECT_LE(run.result.memory.peak, *options.budget);
            }
        }
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab
