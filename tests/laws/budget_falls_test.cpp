// Random budgets over random worlds, with every system and dispatcher: requests are conserved, and
// more than the budget is in use at most until what was in progress when it fell has ended, and
// what it held is released.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "policies/registry.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

struct Change {
    std::int64_t at, by;
    friend auto operator<=>(const Change&, const Change&) = default;
};

// Replayed from the spans: a block is there from the start of its read to the end of its release
// (under the parameters account, on the zero-copy path).
std::vector<Change> changes_of(const Simulation& run, const AllFacts& facts) {
    std::vector<Change> changes;
    for (const Completion& span : run.record.spans) {
        const std::int64_t bytes = facts[span.command.job][span.command.block].held_bytes.count;
        if (span.command.verb == Verb::read) changes.push_back({count_ns(span.start), bytes});
        if (span.command.verb == Verb::release) changes.push_back({count_ns(span.end), -bytes});
    }
    std::ranges::sort(changes);
    return changes;
}

// The last instant of [from, until) at which more than the budget was in use; `from` if none.
std::int64_t last_over(const std::vector<Change>& changes, std::int64_t from, std::int64_t until,
                       std::int64_t budget) {
    std::int64_t used = 0;
    std::int64_t last = from;
    for (std::size_t i = 0; i < changes.size() && changes[i].at < until; ++i) {
        used += changes[i].by;
        const std::int64_t next = i + 1 < changes.size() ? changes[i + 1].at : until;
        if (used > budget && next > std::max(from, changes[i].at))
            last = std::max(last, std::min(next, until));
    }
    EXPECT_TRUE(until < INT64_MAX || used == 0) << used << " bytes are never released";
    return last;
}

// over <= (what was in progress at the fall) + (releases since).
void expect_within_budgets(const Workload& workload, const Simulation& run, const AllFacts& facts,
                           Bytes initial) {
    const std::vector<Change> changes = changes_of(run, facts);
    std::map<std::int64_t, std::int64_t> budgets{{0, initial.count}};
    for (const BudgetChange& change : workload.budget_changes)
        budgets[count_ns(change.at)] = change.budget.count;
    for (auto epoch = budgets.begin(); epoch != budgets.end(); ++epoch) {
        const auto [from, budget] = *epoch;
        const std::int64_t until =
            std::next(epoch) == budgets.end() ? INT64_MAX : std::next(epoch)->first;
        const std::int64_t last = last_over(changes, from, until, budget);
        std::int64_t allowed = from;
        for (const Completion& span : run.record.spans)
            if (count_ns(span.start) <= from) allowed = std::max(allowed, count_ns(span.end));
        for (const Completion& span : run.record.spans)
            if (span.command.verb == Verb::release && count_ns(span.start) >= from &&
                count_ns(span.start) < last)
                allowed += count_ns(span.end - span.start);
        EXPECT_LE(last, allowed) << "over " << budget << " bytes from " << from << " ns on";
    }
}

// One in three generates tokens; of one in three the last layer uses the first one's parameters.
ModelPtr model_of(std::uint64_t seed, Rng& rng) {
    ModelShape shape;
    shape.most_layers = 10;
    shape.percent_huge = 0;
    ModelSpec spec = random_model(seed, shape)->spec();
    if (rng.chance(33)) {
        spec.tokens = rng.between(2, 4);
        spec.prompt_tokens = rng.between(1, 9);
    }
    if (rng.chance(33) && spec.layers.size() > 1 && spec.layers[0].parameter_bytes.count > 0)
        spec.layers.back().shares = {LayerId{0}};
    return std::make_shared<const Model>(std::move(spec));
}

Workload workload_of(std::uint64_t seed, Rng& rng) {
    Workload workload;
    const std::int64_t jobs = rng.between(1, 3);
    for (std::int64_t j = 0; j < jobs; ++j) {
        Job job;
        job.model = model_of(seed * 10 + static_cast<std::uint64_t>(j), rng);
        job.mode = rng.chance(50) ? ArrivalMode::stream : ArrivalMode::cold;
        job.requests = rng.between(2, 6);
        job.weight = static_cast<double>(rng.between(1, 3));
        workload.jobs.push_back(std::move(job));
    }
    return workload;
}

// Budgets that fall and rise, at last to the least: at instants of which many are those of events.
std::vector<BudgetChange> changes_around(Bytes least, Rng& rng) {
    std::vector<BudgetChange> changes;
    std::int64_t at = 0;
    for (std::int64_t c = rng.between(1, 5); c > 0; --c)
        changes.push_back({kStart + Duration{at += rng.between(0, 20) * 500'000},
                           Bytes{rng.between(least.count * 3 / 4, 3 * least.count)}});
    changes.push_back({kStart + Duration{at + 1}, least});
    return changes;
}

AllFacts facts_of_plan(const Platform& platform, const Workload& workload,
                       const Deployment& deployment) {
    AllFacts facts;
    for (const JobId j : workload.jobs.ids())
        facts.push_back(facts_of(CostModel(*workload.jobs[j].model, platform), deployment.jobs[j]));
    return facts;
}

constexpr const char* kSystems[] = {"swapnet",
                                    "swapnet:allocator=minmax",
                                    "swapnet:delta=0.25,allocator=ratio",
                                    "swapnet:keep=auto",
                                    "standard-swap",
                                    "on-demand",
                                    "on-demand:keep=auto",
                                    "lru",
                                    "belady",
                                    "load-all",
                                    "demand-layering",
                                    "demand-layering:keep=auto",
                                    "demand-layering:pipeline=sync",
                                    "demand-layering:pipeline=sync,keep=auto",
                                    "demand-layering:pipeline=async",
                                    "pipeload:agents=2",
                                    "pipeload:keep=auto",
                                    "pipeswitch"};

class BudgetFalls : public ::testing::TestWithParam<const char*> {};

TEST_P(BudgetFalls, AreMetAtTheNextEnd) {
    // Tables of what is kept take long to plan.
    const bool keeps = std::string_view(GetParam()).find("keep=") != std::string_view::npos;
    const std::uint64_t worlds = (SWAPLAB_SANITIZED ? 12 : 100) / (keeps ? 6 : 1);
    std::size_t adoptions = 0;
    std::size_t rows = 0;  // besides one
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
        Rng rng(seed ^ 0xada97ULL);
        PlatformShape shape;
        shape.positive = true;
        shape.contention = seed % 2 == 0;
        const Platform platform = random_platform(seed, shape);
        Workload workload = workload_of(seed, rng);
        Options options;
        options.account = Account::parameters;
        options.budget = Bytes{1};
        const Bytes least = simulate(platform, workload, GetParam(), options).result.minimum_budget;
        options.budget = least + Bytes{rng.between(0, least.count)};
        workload.budget_changes = changes_around(least, rng);
        std::int64_t requests = 0;
        for (const Job& job : workload.jobs) requests += job.requests;
        for (const char* dispatch : {"fcfs", "round-robin", "priority", "edf"}) {
            SCOPED_TRACE(text("seed {} {}", seed, dispatch));
            options.dispatch = dispatch;
            Simulation run;
            ASSERT_NO_THROW(run = simulate(platform, workload, GetParam(), options));
            ASSERT_FALSE(is_stuck(run.result.verdict)) << run.result.reason;
            EXPECT_EQ(run.result.requests, requests);
            for (const JobResult& job : run.result.jobs)
                adoptions += job.adopted.empty() ? 0 : job.adopted.size() - 1;
            const auto deployment =
                std::get<Deployment>(plan_of(platform, workload, GetParam(), options));
            for (const JobPlan& plan : deployment.jobs) rows += plan.rows().size() - 1;
            if (deployment.jobs[{0}].path == SwapPath::zero_copy)
                expect_within_budgets(workload, run, facts_of_plan(platform, workload, deployment),
                                      *options.budget);
        }
        if (HasFailure()) return;
    }
    if (rows > 0 && worlds > 10) {
        EXPECT_GT(adoptions, worlds / 4) << "the traces change nothing";
    }
}

INSTANTIATE_TEST_SUITE_P(Systems, BudgetFalls, ::testing::ValuesIn(kSystems));

}  // namespace
}  // namespace swaplab::testing
