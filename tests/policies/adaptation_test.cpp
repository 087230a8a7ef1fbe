// Budgets that change during a run: the right row of the lookup table within the request, nothing
// partitioned, nothing over the budget but what was in progress when it fell, and its release.
#include <gtest/gtest.h>

#include <chrono>
#include <utility>

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
TEST(Adaptation, ADropWithinTheLastBlockIsTakenUpAtTheNextRequest) {
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
    // The only block of 40 bytes comes in from 0 to 40, and goes at once: it has not begun to
    // execute. Over the budget from 10 on.
    EXPECT_EQ(waits.result.memory.over_budget, nanoseconds(30));
    EXPECT_EQ(adopted(waits.result), (Rows{{0, 20}}));
    // The second begins beside the last execution of the first: 10 ns less.
    EXPECT_EQ(waits.result.makespan, nanoseconds(5000 + 2 * 570 - 10));
    const Simulation stuck = simulate(
        platform, stream_of({four_layers()}, 2, {{at_ns(10), Bytes{19}}}), "swapnet", options);
    EXPECT_EQ(stuck.result.verdict, Verdict::infeasible_from);
    EXPECT_NE(stuck.result.reason.find("from 10 ns on the budget is 19 bytes and does not rise "
                                       "again; the smallest with which policy swapnet has a plan "
                                       "is 20; 0 of 2 requests have ended"),
              std::string::npos)
        << stuck.result.reason;
    EXPECT_EQ(stuck.result.infeasible_from->at, at_ns(10));
    EXPECT_EQ(stuck.result.infeasible_from->budget, Bytes{19});
    EXPECT_EQ(stuck.result.minimum_budget, Bytes{20});
    EXPECT_EQ(stuck.result.requests, 0);
}

// The row of 30 bytes: A and B of one layer, then C of two. A is in at 10, B at 20; A executes to
// 150. At 50 the budget falls to 20, and the row has another cut: B has not begun, and goes at once
// (releases take no time here), so 10 bytes are left. At 150 A has gone, and the request goes on
// with the second layer, where the row of 20 bytes has a cut: three more layers of 10 + 140, the
// reads of the last two beside.
TEST(Adaptation, ARequestGoesOnInTheNewRowAtItsCut) {
    const Platform platform = board(1, 100);
    Options options;
    options.budget = Bytes{30};
    options.account = Account::parameters;
    const Simulation run = simulate(
        platform, stream_of({four_layers()}, 1, {{at_ns(50), Bytes{20}}}), "swapnet", options);
    ASSERT_EQ(run.result.verdict, Verdict::ok) << run.result.reason;
    EXPECT_EQ(adopted(run.result), (Rows{{0, 30}, {0, 20}}));
    EXPECT_EQ(run.result.memory.over_budget, nanoseconds(0));
    EXPECT_EQ(run.result.makespan, nanoseconds(150 + 10 + 3 * 140));
    EXPECT_EQ(run.result.swapped_in, Bytes{10 + 10 + 3 * 10}) << "B was read for nothing";
}

// A planner of two rows that share no cut, one block at a time: 1 + 3 layers in 30 bytes, 2 + 2 in
// 20.
class TwoRows final : public Partitioner {
  public:
    Infeasible minimum(const PartitionRequest&) const override { return {Bytes{20}, {}, {}}; }
    JobPlan partition(const PartitionRequest& request) const override {
        const bool large = request.budget >= Bytes{30};
        const std::uint32_t cut = large ? 1 : 2;
        JobPlan plan({}, SwapPath::zero_copy, std::vector{Block{0, cut}, Block{cut, 4}});
        Variant& variant = plan.at_start();
        variant.need = Bytes{large ? 30 : 20};
        variant.arena = {ArenaKind::counter, variant.need, 0};
        variant.closed_form = nanoseconds(large ? 1 : 2);
        return plan;
    }
};

RunResult with_two_rows(std::int64_t requests, std::vector<BudgetChange> changes) {
    Policy policy = make_policy("on-demand");
    policy.planner = make_partition_planner(std::make_unique<TwoRows>(), make_minmax_allocator());
    const Platform platform = board(1, 100);
    const Workload workload = stream_of({four_layers()}, requests, std::move(changes));
    return run({platform, workload, Bytes{30}, Account::parameters, &make_sim_device}, policy);
}

// A scheduler that never hears of a fall is held to it once what it had submitted has ended: that
// of the request under way, which ends at 400. The next one's second block, of 30 bytes, begins to
// come in at 550.
class Deaf final : public Scheduler {
  public:
    explicit Deaf(std::unique_ptr<Scheduler> inner) : inner_(std::move(inner)) {}
    void decide(const View& view, Moves& moves) override {
        View heard = view;
        if (std::exchange(began_, true)) heard.budget.reset();
        inner_->decide(heard, moves);
    }

  private:
    std::unique_ptr<Scheduler> inner_;
    bool began_ = false;
};

TEST(Adaptation, APolicyThatDoesNotShrinkIsNamed) {
    Policy policy = make_policy("on-demand");
    policy.planner = make_partition_planner(std::make_unique<TwoRows>(), make_minmax_allocator());
    policy.make_scheduler = [make = policy.make_scheduler](const SchedulerSetup& setup) {
        return std::make_unique<Deaf>(make(setup));
    };
    const Platform platform = board(1, 100);
    const auto message = [&](std::int64_t requests) -> std::string {
        const Workload workload = stream_of({four_layers()}, requests, {{at_ns(100), Bytes{20}}});
        try {
            run({platform, workload, Bytes{30}, Account::parameters, &make_sim_device}, policy);
        } catch (const PolicyError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message(1), "") << "what stood when the budget fell may end";
    EXPECT_NE(message(2).find("30 bytes are in use, the budget is 20"), std::string::npos)
        << message(2);
}

// The first block, one layer: 10 + 140 ns. The budget falls meanwhile; the row of 20 bytes has its
// only cut behind the second layer, which comes in alone: 10 + 140; then two: 20 + 180.
TEST(Adaptation, ARequestGoesOnUnitByUnitToTheFirstCut) {
    const RunResult result = with_two_rows(1, {{at_ns(100), Bytes{20}}});
    ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
    EXPECT_EQ(result.makespan, nanoseconds(150 + 150 + 200));
    EXPECT_EQ(result.memory.over_budget, nanoseconds(0));
    ASSERT_EQ(result.jobs[0].adopted.size(), 2U) << "what leads from row to row is none";
}

// The second block, of three layers, comes in from 150 to 180. The budget falls at 170, so it goes
// at 180: 10 ns over it. Layers 1, and 2 and 3, as above. The rise at 200 is for the next pass.
TEST(Adaptation, WhatComesInForNothingGoesAtItsEndAndARiseWaitsForTheNextPass) {
    const RunResult result = with_two_rows(2, {{at_ns(170), Bytes{20}}, {at_ns(200), Bytes{30}}});
    ASSERT_EQ(result.verdict, Verdict::ok) << result.reason;
    EXPECT_EQ(result.memory.over_budget, nanoseconds(10));
    EXPECT_EQ(result.makespan, nanoseconds(180 + 150 + 200 + 150 + 30 + 220));
    EXPECT_EQ(result.jobs[0].adopted.size(), 3U);
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

}  // namespace
}  // namespace swaplab::testing
