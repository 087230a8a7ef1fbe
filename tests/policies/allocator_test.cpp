// Allocators and lookup tables: floors, sums, the optimum of minmax by trying every choice of rows,
// and the Pareto front by trying every partition.
#include <gtest/gtest.h>

#include <algorithm>

#include "policies/plan/allocator.h"
#include "policies/plan/planner.h"
#include "policies/registry.h"
#include "tests/support/random_model.h"
#include "tests/support/random_platform.h"
#include "tests/support/simulate.h"

namespace swaplab::testing {
namespace {

constexpr std::uint64_t kWorlds = SWAPLAB_SANITIZED ? 200 : 1000;

// Random lookup tables: needs rise, latencies fall.
struct Tables {
    explicit Tables(std::uint64_t seed) {
        Rng rng(seed ^ 0xa110cULL);
        const std::int64_t jobs = rng.between(1, 4);
        for (std::int64_t k = 0; k < jobs; ++k) {
            std::vector<JobPlan> rows;
            std::int64_t need = rng.between(1, 50);
            std::int64_t latency = rng.between(200, 2000);
            const std::int64_t count = rng.between(1, 6);
            for (std::int64_t r = 0; r < count; ++r) {
                JobPlan row;
                row.at_start().need = {need};
                row.at_start().closed_form = nanoseconds(latency);
                rows.push_back(row);
                need += rng.between(1, 30);
                latency -= rng.between(1, 30);
            }
            tables.emplace_back(std::move(rows));
        }
        for (std::size_t k = 0; k < tables.size(); ++k) {
            Demand demand;
            demand.floor = tables[k].row(0).need;
            demand.parameters = {rng.between(0, 200)};
            demand.weight = static_cast<double>(rng.between(1, 8)) / 2;
            demand.direct = nanoseconds(rng.between(1, 400));
            demand.latency = [this, k](Bytes share) {
                return *tables[k].row(tables[k].best(share)).closed_form;
            };
            demand.table = [this, k]() -> const LookupTable& { return tables[k]; };
            floors += demand.floor;
            demands.push_back(std::move(demand));
        }
        budget = floors + Bytes{rng.between(0, 200)};
    }

    // max_k u_k T_k(b_k) / T_direct,k
    double worst(const std::vector<Bytes>& shares) const {
        double worst = 0;
        for (std::size_t k = 0; k < shares.size(); ++k)
            worst = std::max(worst, slowdown_of(demands[k], demands[k].latency(shares[k])));
        return worst;
    }
    // The least of that over all choices of rows that fit.
    double least_worst(std::size_t k = 0, Bytes used = {}) const {
        if (k == tables.size()) return 0;
        double least = 1e300;
        for (const JobPlan& plan : tables[k].rows()) {
            const Variant& row = plan.at_start();
            Bytes others;
            for (std::size_t i = k + 1; i < tables.size(); ++i) others += demands[i].floor;
            if (used + row.need + others > budget) break;
            least = std::min(least, std::max(slowdown_of(demands[k], *row.closed_form),
                                             least_worst(k + 1, used + row.need)));
        }
        return least;
    }

    std::vector<LookupTable> tables;
    std::vector<Demand> demands;
    Bytes floors, budget;
};

TEST(Allocator, FloorsAndSums) {
    for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const Tables world(seed);
        for (const auto& allocator :
             {make_ratio_allocator(), make_score_allocator(), make_minmax_allocator()})
            for (const Bytes budget : {world.floors, world.budget}) {
                const std::vector<Bytes> shares = allocator->allocate(world.demands, budget);
                ASSERT_EQ(shares.size(), world.demands.size());
                Bytes sum;
                for (std::size_t k = 0; k < shares.size(); ++k) {
                    EXPECT_GE(shares[k], world.demands[k].floor);
                    sum += shares[k];
                }
                EXPECT_EQ(sum, budget);
            }
    }
}

TEST(Allocator, MinmaxIsOptimal) {
    for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const Tables world(seed);
        const auto minmax = make_minmax_allocator()->allocate(world.demands, world.budget);
        EXPECT_DOUBLE_EQ(world.worst(minmax), world.least_worst());
        for (const auto& other : {make_ratio_allocator(), make_score_allocator()})
            EXPECT_LE(world.worst(minmax),
                      world.worst(other->allocate(world.demands, world.budget)));
    }
}

// Two jobs of 100 and 300 bytes with 800 to share and no floors to speak of. By size 200 : 600. At
// those shares the first runs at 3 times its direct latency, the second at 1, so the scores are
// 100 * 3 : 300 * 1, which is half and half; with weight 3 for the second 1 : 3 again.
TEST(Allocator, ScoreByHand) {
    std::vector<Demand> jobs(2);
    jobs[0].parameters = {100};
    jobs[1].parameters = {300};
    for (Demand& job : jobs) job.direct = nanoseconds(10);
    jobs[0].latency = [](Bytes share) { return nanoseconds(share == Bytes{200} ? 30 : 10); };
    jobs[1].latency = [](Bytes) { return nanoseconds(10); };
    const auto score = make_score_allocator();
    EXPECT_EQ(score->allocate(jobs, {800}), (std::vector<Bytes>{{400}, {400}}));
    jobs[1].weight = 3;
    EXPECT_EQ(score->allocate(jobs, {800}), (std::vector<Bytes>{{200}, {600}}));
    jobs[0].floor = {500};
    EXPECT_EQ(score->allocate(jobs, {800}), (std::vector<Bytes>{{500}, {300}}));
}

struct Point {
    std::int64_t need, latency;
    friend bool operator==(const Point&, const Point&) = default;
};

// (need, T) of all partitions of a model that no other beats in both.
std::vector<Point> front_by_force(const CostModel& cost, Account account) {
    const auto units = cost.model().finest_blocks();
    std::vector<Point> all;
    for (std::uint32_t mask = 0; mask < 1U << (units.size() - 1); ++mask) {
        std::vector<BlockFacts> blocks;
        std::uint32_t begin = 0;
        for (std::uint32_t u = 0; u < units.size(); ++u)
            if (u + 1 == units.size() || (mask >> u & 1U) != 0) {
                blocks.push_back(
                    facts_of(cost, {units[begin].first, units[u].last}, SwapPath::zero_copy));
                begin = u + 1;
            }
        // T = t_in(1) + sum_i max(t_ex(i), t_out(i-1) + t_in(i+1)) + t_out(n), and
        // s_i + s_{i+1} + max(A_i, A_{i+1}); a block alone s_1 + A_1.
        Duration time = blocks[0].swap_in() + blocks.back().swap_out();
        const auto active = [&](const BlockFacts& b) {
            return account == Account::all ? b.activations.total() : Bytes{};
        };
        Bytes need = blocks.size() == 1 ? blocks[0].held_bytes + active(blocks[0]) : Bytes{};
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            Duration hidden{};
            if (i > 0) hidden += blocks[i - 1].swap_out();
            if (i + 1 < blocks.size()) {
                hidden += blocks[i + 1].swap_in();
                need = std::max(need, blocks[i].held_bytes + blocks[i + 1].held_bytes +
                                          std::max(active(blocks[i]), active(blocks[i + 1])));
            }
            time += std::max(blocks[i].use(), hidden);
        }
        all.push_back({need.count, time.count()});
    }
    std::sort(all.begin(), all.end(), [](const Point& a, const Point& b) {
        return a.need != b.need ? a.need < b.need : a.latency < b.latency;
    });
    std::vector<Point> front;
    for (const Point& point : all)
        if (front.empty() || point.latency < front.back().latency) front.push_back(point);
    return front;
}

TEST(LookupTable, IsTheParetoFront) {
    for (std::uint64_t seed = 1; seed <= (SWAPLAB_SANITIZED ? 60 : 300); ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        ModelShape shape;
        shape.most_layers = 10;
        PlatformShape platform_shape;
        if (seed % 3 == 0) shape.scale = platform_shape.scale = 6;
        platform_shape.fractional = seed % 3 == 1;
        const ModelPtr model = random_model(seed, shape);
        Platform platform = random_platform(seed, platform_shape);
        platform.nodes[0].memory.reserved = {};
        const CostModels costs{CostModel(*model, platform)};
        for (const Account account : {Account::all, Account::parameters}) {
            const Policy policy = make_policy("swapnet");
            const auto outcome = policy.planner->plan(
                {platform, costs, Bytes{std::int64_t{1} << 40}, account, {}, true});
            const JobPlan& job = std::get<Deployment>(outcome).jobs[{0}];
            std::vector<Point> rows;
            for (const Variant& row : job.rows())
                rows.push_back({row.need.count, row.closed_form->count()});
            EXPECT_EQ(rows, front_by_force(costs[{0}], account));
            EXPECT_EQ(job.initial + 1, job.rows().size()) << "plenty takes the fastest";
            EXPECT_EQ(job.variants.back().last, job.blocks.size());
        }
        if (HasFailure()) return;
    }
}

// Every row is what the partition finds for its need, with every policy that cuts by a budget.
TEST(LookupTable, RowsArePlans) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        const ModelPtr model = random_model(seed);
        const Platform platform = random_platform(seed);
        const CostModels costs{CostModel(*model, platform)};
        for (const char* spec :
             {"swapnet", "swapnet:delta=0.25", "standard-swap", "standard-swap:blocks=1",
              "demand-layering", "demand-layering:pipeline=async", "demand-layering:pipeline=sync",
              "demand-layering:pipeline=sequential", "on-demand", "load-all"}) {
            SCOPED_TRACE(spec);
            const Policy policy = make_policy(spec);
            const Bytes plenty{std::int64_t{1} << 40};
            const auto deployment = std::get<Deployment>(
                policy.planner->plan({platform, costs, plenty, Account::all, {}, true}));
            const Bytes reserved = platform.nodes[0].memory.reserved;
            const PlanOutcome refused =
                policy.planner->plan({platform, costs, Bytes{-1}, Account::all});
            ASSERT_TRUE(std::holds_alternative<Infeasible>(refused))
                << deployment.adaptation->minimum().count;
            EXPECT_EQ(deployment.adaptation->minimum(),
                      std::get<Infeasible>(refused).minimum_budget);
            for (const Variant& row : deployment.jobs[{0}].rows()) {
                const PlanOutcome outcome =
                    policy.planner->plan({platform, costs, row.need + reserved, Account::all});
                ASSERT_TRUE(std::holds_alternative<Deployment>(outcome))
                    << row.need.count << " of "
                    << std::get<Infeasible>(outcome).minimum_budget.count;
                const auto& plan = std::get<Deployment>(outcome);
                EXPECT_EQ(plan.jobs[{0}].at_start().closed_form, row.closed_form);
                EXPECT_LE(plan.jobs[{0}].at_start().need, row.need);
                EXPECT_EQ(plan.jobs[{0}].blocks.size(), row.size());
                EXPECT_EQ(plan.jobs[{0}].at_start().arena.capacity, row.arena.capacity);
            }
        }
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace swaplab::testing
