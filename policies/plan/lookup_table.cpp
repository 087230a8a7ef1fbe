#include "policies/plan/lookup_table.h"

#include <algorithm>
#include <optional>

#include "policies/plan/planner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

LookupTable::LookupTable(std::vector<JobPlan> rows) {
    // A policy's plan need not get faster with memory: a row that a smaller one beats is left out.
    for (JobPlan& row : rows) {
        const std::optional<Duration> time = row.at_start().predicted();
        const std::optional<Duration> least =
            rows_.empty() ? std::nullopt : rows_.back().at_start().predicted();
        if (!time || !least || *least > *time) rows_.push_back(std::move(row));
    }
    SWAPLAB_CHECK(!rows_.empty(), "a lookup table of {} rows", rows_.size());
}

std::size_t LookupTable::best(Bytes share) const {
    const auto above =
        std::upper_bound(rows_.begin(), rows_.end(), share,
                         [](Bytes s, const JobPlan& row) { return s < row.at_start().need; });
    SWAPLAB_CHECK(above != rows_.begin(), "a share of {} bytes, the smallest row needs {}",
                  share.count, row(0).need.count);
    return static_cast<std::size_t>(above - rows_.begin()) - 1;
}

namespace {

// One sweep. Between two rows lie the budgets that buy nothing; they are leapt over in growing
// strides, and where a stride was too long the end of the stretch is found by bisection.
class Sweep {
  public:
    Sweep(Bytes least, double step, const std::function<JobPlan(Bytes)>& plan_at)
        : least_(least), step_(step), plan_at_(plan_at) {}

    std::vector<JobPlan> run(Bytes most) {
        std::vector<JobPlan> rows;
        for (std::optional<JobPlan> row = plan(most); row;) {
            std::optional<JobPlan> next = shrink(*row);
            rows.push_back(std::move(*row));
            row = std::move(next);
        }
        std::reverse(rows.begin(), rows.end());
        return rows;
    }

  private:
    JobPlan plan(Bytes budget) const {
        JobPlan plan = plan_at_(budget);
        Bytes& need = plan.at_start().need;
        if (need.count <= 0) need = budget;
        // No row is below the policy's minimum, where that is not the tightest there is.
        need = std::max(need, least_);
        return plan;
    }
    static Bytes need(const JobPlan& row) { return row.at_start().need; }
    Bytes gap(Bytes need) const {
        const double gap = step_ * static_cast<double>(need.count);
        return {std::max<std::int64_t>(1, static_cast<std::int64_t>(gap))};
    }

    // Replaces `row` by the plan as fast that needs least; returns the next slower one, made for a
    // budget less than a gap below what `row` needs then.
    std::optional<JobPlan> shrink(JobPlan& row) const {
        std::optional<JobPlan> slower;
        Bytes too_little = least_ - Bytes{1};
        for (Bytes stride = gap(need(row)); need(row) > least_; stride = 4 * stride) {
            if (slower && need(row) - too_little <= gap(need(row))) break;
            Bytes budget = std::max(least_, need(row) - stride);
            if (slower) budget = too_little + Bytes{(need(row) - too_little).count / 2};
            JobPlan tried = plan(budget);
            if (tried.at_start().predicted() <= row.at_start().predicted()) {
                row = std::move(tried);
            } else {
                too_little = budget;
                slower = std::move(tried);
            }
        }
        return slower;
    }

    Bytes least_;
    double step_;
    const std::function<JobPlan(Bytes)>& plan_at_;
};

}  // namespace

std::vector<JobPlan> sweep_budgets(Bytes least, Bytes most, double step,
                                   const std::function<JobPlan(Bytes)>& plan_at) {
    return Sweep(least, step, plan_at).run(std::max(least, most));
}

Bytes Partitioner::plenty(const PartitionRequest& request) {
    // No path holds more than four copies of anything at once.
    constexpr std::int64_t most_copies = 4;
    const Model& model = request.cost.model();
    Bytes brought;  // besides its own parameters, by the finest blocks
    if (!model.brings_plainly())
        for (const BlockFacts& block :
             facts_of(request.cost, finest_blocks(model), SwapPath::zero_copy))
            brought += block.held_bytes;
    return 2 * most_copies *
               (model.parameter_bytes() + brought + model.activation_peak(model.whole()).total()) +
           model.unit_count() * request.cost.node().memory.alignment;
}

JobPlan Partitioner::at_budget(const PartitionRequest& request, Bytes budget) const {
    PartitionRequest tried = request;
    tried.budget = budget;
    return partition(tried);
}

std::vector<JobPlan> Partitioner::coarse_front(const PartitionRequest& request) const {
    constexpr double step = 1.0 / 64;
    return sweep_budgets(minimum(request).minimum_budget, plenty(request), step,
                         [&](Bytes budget) { return at_budget(request, budget); });
}

std::vector<JobPlan> Partitioner::front(const PartitionRequest& request) const {
    const Bytes plenty = Partitioner::plenty(request);
    const Bytes least = minimum(request).minimum_budget;
    const auto plan_at = [&](Bytes budget) { return at_budget(request, budget); };
    // Plans that do not tell their need are kept this share of memory apart.
    constexpr double blind_step = 1.0 / 128;
    const bool blind = plan_at(std::max(least, plenty)).at_start().need.count <= 0;
    return sweep_budgets(least, plenty, blind ? blind_step : 0, plan_at);
}

}  // namespace swaplab
