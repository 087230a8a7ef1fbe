// The lookup table of one model on one device: of all plans, those that no other beats in both the
// memory they need and their latency (the Pareto front), worked out off line. When the budget
// changes, the best row that fits is taken up; nothing is partitioned again and no file changes,
// since parameters are addressed layer by layer (SwapNet, IEEE TMC 2024).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "policies/port/deployment.h"

namespace swaplab {

class LookupTable {
  public:
    // Plans of one variant each, with `need` and what they predict: needs rise, latencies fall.
    explicit LookupTable(std::vector<JobPlan> rows);

    std::span<const JobPlan> rows() const { return rows_; }
    const Variant& row(std::size_t number) const { return rows_[number].at_start(); }
    // The number of the best row that fits: the last whose need is at most `share`, which must be
    // at least the first one's.
    std::size_t best(Bytes share) const;

  private:
    std::vector<JobPlan> rows_;
};

// Plans for falling budgets from `most` down to `least`, each time for what is just not enough for
// the plan before, and at least the fraction `step` below its need. With step 0 that is the whole
// front where `plan_at` is exact; else any budget b finds a row that is at least as good as the
// best plan for b(1-step). A plan that does not tell its need (0) needs what it was made for.
std::vector<JobPlan> sweep_budgets(Bytes least, Bytes most, double step,
                                   const std::function<JobPlan(Bytes)>& plan_at);

}  // namespace swaplab
