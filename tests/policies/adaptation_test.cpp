// Budgets that change during a run: the right row of the lookup table at the next request, nothing
// partitioned, nothing over the budget but what began before it fell.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "policies/plan/partition_planner.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "sim/sim_device.h"
#include "tests/support/chain.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

// Four layers of 10 bytes: reading takes 10 ns, executing 40 each; nothing else costs anything.
ModelPtr four_layers() { return chain("four", 4); }

Platform board(double read, double per_block) {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 20};
    node.read.cost.per_byte = read;
    node.execute.other.per_layer = 40;
    node.execute.other.per_block = per_block;
    return platform;
}

Workload stream_of(std::vector<ModelPtr> models, std::int64_t requests,
                   std::vector<BudgetChange> changes) {
    Options options;
    options.mode = ArrivalMode::stream;
    options.requests = requests;
    Workload workload = workload_of(models, options);
    workload.budget_changes = std::move(changes);
    return workload;
}

std::vector<std::pair<std::uint32_t, std::int64_t>> adopted(const RunResult& result,
                                                            std::size_t job = 0) {
    std::vector<std::pair<std::uint32_t, std::int64_t>> rows;
    for (const Adopted& row : result.jobs[job].adopted)
        rows.emplace_back(row.request.index, row.need.count);
    return rows;
}

using Rows = std::vector<std::pair<std::uint32_t, std::int64_t>>;

// Each block costs 100 ns more than its layers, so fewer blocks are faster where they fit. The
// plans, with t_in = 10 a layer and t_ex = 100 + 40 a layer:
//   need 20: four blocks,       T = 10 + 4 * 140                   = 570
//   need 30: 1 + 2 + 1 layers,  T = 10 + 140 + 180 + 140           = 470 (or others of three)
//   need 40: two blocks,        T = 10 + 140 + 220 (1 + 3 layers)  = 370; one block: 40 + 260 = 300
// One block needs 40 bytes, too, and beats two. So the rows are 20, 30 and 40 bytes.
// With 40 bytes a request of one block takes 300 ns: requests end at 300, 600, ... The budget falls
// to 30 at 350: the second request, which began at 300, ends at 600; the third takes the row of 30
// bytes. Over the budget: 10 bytes too many from 350 to 600.
TEST(Adaptation, ADropIsTakenUpAtTheNextRequest) {
    const Platform platform = board(1, 100);
    const Workload workload = stream_of({four_layers()}, 4, {{at_ns(350), Bytes{30}}});
    Options options;
    options.budget = Bytes{40};
    options.account = Account::parameters;
    const Simulation run = simulate(platform, workload, "swapnet", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(adopted(run.result), (Rows{{0, 40}, {2, 30}}));
    EXPECT_EQ(run.result.memory.over_budget, nanoseconds(250));
    // 600 + 470, and 460 for the last: its first block comes in beside the last one before it if
    // those two fit the share, as they do (1 + 1 layers).
    EXPECT_EQ(run.result.makespan, nanoseconds(600 + 470 + 460));
    EXPECT_EQ(run.result.jobs[0].blocks.size(), 1U) << "blocks are those at the start";
}

TEST(Adaptation, ARiseIsTakenUpToo) {
    const Platform platform = board(1, 100);
    const Workload workload =
        stream_of({four_layers()}, 3, {{at_ns(1), Bytes{39}}, {at_ns(600), Bytes{1000}}});
    Options options;
    options.budget = Bytes{20};
    options.account = Account::parameters;
    const Simulation run = simulate(platform, workload, "swapnet", options);
    // The first request ends at 570; the second begins at its third of four ends (430), with 39.
    // bytes in force: another row, so when nothing is left of the first, at 570. It ends at 1040.
    EXPECT_EQ(adopted(run.result), (Rows{{0, 20}, {1, 30}, {2, 40}}));
    EXPECT_EQ(run.result.makespan, nanoseconds(570 + 470 + 300));
    EXPECT_EQ(run.result.memory.over_budget, nanoseconds(0));
}

// Too small for anything: requests wait until it rises; if it never does, that is the verdict.
TEST(Adaptation, BelowEveryRowRequestsWait) {
    const Platform platform = board(1, 100);
    Options options;
    options.budget = Bytes{40};
    options.account = Account::parameters;
    const Simulation waits = simulate(
        platform, stream_of({four_layers()}, 2, {{at_ns(10), Bytes{19}}, {at_ns(5000), Bytes{20}}}),
        "swapnet", options);
    EXPECT_EQ(waits.result.verdict, Verdict::ok) << waits.result.reason;
    EXPECT_EQ(adopted(waits.result), (Rows{{0, 40}, {1, 20}}));
    EXPECT_EQ(waits.result.makespan, nanoseconds(5000 + 570));
    // The block of 40 bytes is there from 0 to 300, over the budget from 10 on.
    EXPECT_EQ(waits.result.memory.over_budget, nanoseconds(290));
    const Simulation stuck = simulate(
        platform, stream_of({four_layers()}, 2, {{at_ns(10), Bytes{19}}}), "swapnet", options);
    EXPECT_EQ(stuck.result.verdict, Verdict::stuck);
    EXPECT_NE(stuck.result.reason.find("has fallen to 19 bytes and does not rise again, the "
                                       "smallest with which policy swapnet has a plan is 20"),
              std::string::npos)
        << stuck.result.reason;
    EXPECT_EQ(stuck.result.requests, 1);
}

TEST(Adaptation, PoliciesWithoutTablesAreRefused) {
    const Workload workload = stream_of({four_layers()}, 2, {{at_ns(10), Bytes{19}}});
    EXPECT_THROW(simulate(board(1, 0), workload, "direct"), UnsupportedError);
}

// Counts what is asked of it.
class CountingPartitioner final : public Partitioner {
  public:
    CountingPartitioner(std::int64_t& calls) : calls_(calls) {}
    Infeasible minimum(const PartitionRequest& request) const override {
        ++calls_;
        Infeasible least;
        least.minimum_budget = partition(request).at_start().need;
        return least;
    }
    // Layer by layer if anything smaller than the whole model is asked for.
    JobPlan partition(const PartitionRequest& request) const override {
        ++calls_;
        const Model& model = request.cost.model();
        const Bytes whole = model.parameter_bytes();
        const bool fits = request.budget >= whole;
        JobPlan plan({}, SwapPath::zero_copy,
                     fits ? std::vector{model.whole()} : finest_blocks(model));
        Variant& variant = plan.at_start();
        variant.need = fits ? whole : Bytes{20};
        variant.arena = {ArenaKind::counter, variant.need, 0};
        variant.closed_form = nanoseconds(fits ? 100 : 200);
        return plan;
    }

  private:
    std::int64_t& calls_;
};

class CallsAtDecisions final : public Observer {
  public:
    explicit CallsAtDecisions(const std::int64_t& calls) : calls_(calls) {}
    void on_decision(const Decision&) override { seen.push_back(calls_); }
    std::vector<std::int64_t> seen;

  private:
    const std::int64_t& calls_;
};

TEST(Adaptation, NothingIsPartitionedDuringTheRun) {
    std::int64_t calls = 0;
    Policy policy = make_policy("on-demand");
    policy.planner = make_partition_planner(std::make_unique<CountingPartitioner>(calls),
                                            make_minmax_allocator());
    const Platform platform = board(1, 0);
    const Workload workload =
        stream_of({four_layers(), four_layers()}, 6,
                  {{at_ns(300), Bytes{40}}, {at_ns(900), Bytes{60}}, {at_ns(1500), Bytes{90}}});
    CallsAtDecisions observer(calls);
    const RunResult result = run(
        {platform, workload, Bytes{80}, Account::parameters, &make_sim_device, &observer}, policy);
    EXPECT_EQ(result.verdict, Verdict::ok) << result.reason;
    EXPECT_GE(adopted(result).size(), 3U);
    ASSERT_FALSE(observer.seen.empty());
    EXPECT_EQ(observer.seen.front(), observer.seen.back());
    EXPECT_EQ(observer.seen.back(), calls);
}

// The decision on a new budget for five DNNs of random size takes well under a millisecond. (An
// upper limit that holds even under sanitizers on a busy machine: the best of many.)
TEST(Adaptation, TakesLessThanAMillisecond) {
    std::vector<ModelPtr> models;
    const Platform platform = random_platform(1);
    ModelShape shape;
    shape.least_layers = shape.most_layers = 20;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) models.push_back(random_model(seed, shape));
    CostModels costs;
    for (const ModelPtr& model : models) costs.emplace_back(*model, platform);
    for (const char* spec : {"swapnet", "swapnet:allocator=minmax", "swapnet:allocator=ratio"}) {
        const Policy policy = make_policy(spec);
        const auto deployment = std::get<Deployment>(policy.planner->plan(
            {platform, costs, Bytes{std::int64_t{1} << 40}, Account::all, {}, true}));
        const Bytes budget = deployment.adaptation->minimum() + Bytes{1 << 20};
        auto least = std::chrono::nanoseconds::max();
        for (int i = 0; i < 20; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            ASSERT_TRUE(deployment.adaptation->shares(budget));
            least =
                std::min<std::chrono::nanoseconds>(least, std::chrono::steady_clock::now() - begin);
        }
        EXPECT_LT(least, std::chrono::milliseconds(1)) << spec;
    }
}

// Random budget traces with every policy and dispatcher: requests are conserved, and at no instant
// is more in use than the budget, but while requests that began before a fall have not ended.
// Replayed from the spans: a block is there from the start of its first command that brings it to
// the end of its release (under the parameters account, on the zero-copy path).
struct Change {
    std::int64_t at, by;
    friend auto operator<=>(const Change&, const Change&) = default;
};

void expect_within_budgets(const Workload& workload, const Deployment& deployment,
                           const AllFacts& facts, const Simulation& run, Bytes initial) {
    std::vector<Change> changes;
    // (submission of its first command, end of its last), by job and request.
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::int64_t, std::int64_t>> spans;
    for (const RecordedDecision& decision : run.record.decisions)
        for (const Command& c : decision.commands)
            spans.try_emplace({c.job.index, c.request.index}, count_ns(decision.at), 0);
    for (const Completion& span : run.record.spans) {
        const Action& c = span.command;
        auto& last = spans.at({c.job.index, c.request.index}).second;
        last = std::max(last, count_ns(span.end));
        const std::int64_t bytes = facts[c.job][c.block].held_bytes.count;
        if (c.verb == Verb::read) changes.push_back({count_ns(span.start), bytes});
        if (c.verb == Verb::release) changes.push_back({count_ns(span.end), -bytes});
    }
    std::sort(changes.begin(), changes.end());
    std::map<std::int64_t, std::int64_t> budgets{{0, initial.count}};
    for (const BudgetChange& change : workload.budget_changes)
        budgets[count_ns(change.at)] = change.budget.count;
    const auto allowed = [&](std::int64_t at) {
        auto in_force = std::prev(budgets.upper_bound(at));
        std::int64_t most = in_force->second;
        // Requests that began earlier and go on: what was in force when they began.
        for (const auto& [key, span] : spans)
            if (span.first < in_force->first && span.second > at)
                for (auto b = std::prev(budgets.upper_bound(span.first)); b != in_force; ++b)
                    most = std::max(most, b->second);
        return most;
    };
    std::int64_t used = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        used += changes[i].by;
        if (changes[i].by > 0) {
            ASSERT_LE(used, allowed(changes[i].at)) << "at " << changes[i].at << " ns";
        }
    }
    EXPECT_EQ(used, 0);
    EXPECT_EQ(deployment.jobs.size(), workload.jobs.size());
}

TEST(Adaptation, RandomTraces) {
    constexpr std::uint64_t worlds = SWAPLAB_SANITIZED ? 25 : 100;
    std::size_t adoptions = 0;
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
        Rng rng(seed ^ 0xada97ULL);
        PlatformShape shape;
        shape.positive = true;
        shape.contention = seed % 2 == 0;
        const Platform platform = random_platform(seed, shape);
        Workload workload;
        ModelShape model_shape;
        model_shape.most_layers = 8;
        model_shape.percent_huge = 0;
        const std::int64_t jobs = rng.between(1, 3);
        for (std::int64_t j = 0; j < jobs; ++j) {
            Job job;
            job.model = random_model(seed * 10 + static_cast<std::uint64_t>(j), model_shape);
            job.mode = rng.chance(50) ? ArrivalMode::stream : ArrivalMode::cold;
            job.requests = rng.between(2, 6);
            job.weight = static_cast<double>(rng.between(1, 3));
            workload.jobs.push_back(std::move(job));
        }
        for (const char* spec :
             {"swapnet", "swapnet:allocator=minmax", "swapnet:delta=0.25,allocator=ratio",
              "standard-swap", "on-demand", "load-all", "demand-layering",
              "demand-layering:pipeline=sync", "demand-layering:pipeline=async"}) {
            Options options;
            options.account = Account::parameters;
            options.budget = Bytes{1};
            workload.budget_changes.clear();
            const Bytes least = simulate(platform, workload, spec, options).result.minimum_budget;
            const auto random_budget = [&] {
                return Bytes{rng.between(least.count * 3 / 4, 3 * least.count)};
            };
            options.budget = least + Bytes{rng.between(0, least.count)};
            const std::int64_t changes = rng.between(1, 5);
            std::int64_t at = 0;
            for (std::int64_t c = 0; c < changes; ++c)
                workload.budget_changes.push_back(
                    {at_ns(at += rng.between(0, 20) * 500'000), random_budget()});
            workload.budget_changes.push_back({at_ns(at + 1), least});
            for (const char* dispatch : {"fcfs", "round-robin", "priority", "edf"}) {
                SCOPED_TRACE(text("seed {} {} {}", seed, spec, dispatch));
                options.dispatch = dispatch;
                const Simulation run = simulate(platform, workload, spec, options);
                ASSERT_NE(run.result.verdict, Verdict::stuck) << run.result.reason;
                std::int64_t requests = 0;
                for (const Job& job : workload.jobs) requests += job.requests;
                EXPECT_EQ(run.result.requests, requests);
                for (const JobResult& job : run.result.jobs) adoptions += job.adopted.size() - 1;
                const auto deployment =
                    std::get<Deployment>(plan_of(platform, workload, spec, options));
                const bool zero_copy = deployment.jobs[{0}].path == SwapPath::zero_copy;
                if (!zero_copy) continue;
                AllFacts facts;
                for (const JobId j : workload.jobs.ids())
                    facts.push_back(facts_of(CostModel(*workload.jobs[j].model, platform),
                                             deployment.jobs[j].blocks, deployment.jobs[j].path));
                expect_within_budgets(workload, deployment, facts, run, *options.budget);
            }
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(adoptions, worlds) << "the traces change nothing";
}

}  // namespace
}  // namespace swaplab::testing
