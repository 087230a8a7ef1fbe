#include "policies/systems/swapnet/plans.h"

#include <algorithm>
#include <tuple>

namespace swaplab {

std::shared_ptr<const std::vector<JobPlan>> ExactPlans::of(const SwapnetCosts& costs,
                                                           Account account, Bytes reserved,
                                                           const Make& make) {
    const std::lock_guard lock(mutex_);
    const std::string digest = costs.digest();
    if (!known_ || known_->account != account || known_->reserved != reserved ||
        known_->costs != digest)
        known_.emplace(
            Known{digest, account, reserved, std::make_shared<const std::vector<JobPlan>>(make())});
    return known_->plans;
}

std::vector<JobPlan> every_plan(Bytes least, Bytes most,
                                const std::function<JobPlan(Bytes)>& plan_at) {
    std::vector<JobPlan> plans;
    for (Bytes budget = most; budget >= least; budget = plans.back().at_start().need - Bytes{1})
        plans.push_back(plan_at(budget));
    std::ranges::reverse(plans);
    return plans;
}

bool preferred(const RehearsedPlan& a, const RehearsedPlan& b) {
    const auto by = [](const RehearsedPlan& rehearsed) {
        const Variant& variant = rehearsed.plan->at_start();
        return std::tuple(rehearsed.latency, variant.closed_form, variant.size(), variant.need);
    };
    if (by(a) != by(b)) return by(a) < by(b);
    return std::ranges::lexicographical_compare(a.plan->blocks, b.plan->blocks, {}, &Block::last,
                                                &Block::last);
}

}  // namespace swaplab
