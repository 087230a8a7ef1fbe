// The plans that SwapNet's planner chooses among (SYSTEMS: SwapNet).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "policies/plan/planner.h"
#include "policies/systems/swapnet/costs.h"

namespace swaplab {

// All plans of one model that are exact for some budget, by rising need; of models of many units a
// part of them, the same whatever the budget. Made by `make` for the costs at hand, and kept until
// others come: a study asks for one model at many budgets.
class ExactPlans {
  public:
    using Make = std::function<std::vector<JobPlan>()>;

    std::shared_ptr<const std::vector<JobPlan>> of(const SwapnetCosts& costs, Account account,
                                                   Bytes reserved, const Make& make);

  private:
    struct Known {
        std::string costs;  // their digest
        Account account;
        Bytes reserved;
        std::shared_ptr<const std::vector<JobPlan>> plans;
    };
    std::mutex mutex_;
    std::optional<Known> known_;
};

// Every plan that `plan_at` makes for some budget from `least` to `most`, where what it makes for a
// budget is what it makes for all budgets from that plan's need on.
std::vector<JobPlan> every_plan(Bytes least, Bytes most,
                                const std::function<JobPlan(Bytes)>& plan_at);

// Whether `a` is to be preferred to `b`: less time in rehearsal, then by closed form, fewest
// blocks, smaller need, earliest cuts.
struct RehearsedPlan {
    Duration latency{};
    const JobPlan* plan = nullptr;
};
bool preferred(const RehearsedPlan& a, const RehearsedPlan& b);

}  // namespace swaplab
