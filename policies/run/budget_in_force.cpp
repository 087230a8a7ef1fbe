#include "policies/run/budget_in_force.h"

#include <algorithm>
#include <utility>

#include "policies/port/adaptation.h"

namespace swaplab {

BudgetInForce::BudgetInForce(const DeviceSetup& setup, const Workload& workload, Device& device,
                             const CommandCheck& check, const Metrics& metrics)
    : workload_(workload),
      adaptation_(setup.deployment.adaptation.get()),
      device_(device),
      check_(check),
      metrics_(metrics),
      budget_(setup.budget.value_or(Bytes{})),
      tolerated_(budget_) {
    if (adaptation_ != nullptr) find_next();
}

void BudgetInForce::find_next() {
    const auto& changes = workload_.budget_changes;
    next_ = changes_taken_ < changes.size() ? changes[changes_taken_].at : Time::max();
}

std::optional<Bytes> BudgetInForce::take_all(Time at) {
    if (!grace_.empty()) end_grace();
    bool changed = std::exchange(first_, false);
    while (next_ <= at) {
        budget_ = workload_.budget_changes[changes_taken_++].budget;
        find_next();
        changed = true;
    }
    if (!changed) return std::nullopt;
    begin_grace();
    end_grace();
    return budget_;
}

void BudgetInForce::begin_grace() {
    grace_.clear();
    for (const JobId job : workload_.jobs.ids()) grace_.push_back(check_.begun_requests(job));
    tolerated_ = std::max(tolerated_, budget_);
    device_.set_budget(budget_, tolerated_);
}

// Whether a request that was begun before the budget changed has not ended.
bool BudgetInForce::begun_is_left(JobId job) const {
    const auto& there = metrics_.requests_there(job);
    return !there.empty() && there.front().index < grace_[job];
}

// Holds the run to the budget once nothing is left of the requests begun before it changed. What
// the device reserves itself is nobody's fault.
void BudgetInForce::end_grace() {
    for (const JobId job : grace_.ids())
        if (begun_is_left(job) || check_.holds_before(job, grace_[job])) return;
    grace_.clear();
    tolerated_ = std::max(
        budget_, device_.memory().by_category[static_cast<std::size_t>(Category::reserved)]);
    device_.set_budget(budget_, tolerated_);
}

std::optional<Bytes> BudgetInForce::out_of_reach() const {
    if (adaptation_ == nullptr || budget_ >= adaptation_->minimum()) return std::nullopt;
    return adaptation_->minimum();
}

}  // namespace swaplab
