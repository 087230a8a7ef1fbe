#include "policies/run/budget_in_force.h"

#include <algorithm>
#include <utility>

#include "policies/port/adaptation.h"

namespace swaplab {

BudgetInForce::BudgetInForce(const DeviceSetup& setup, const Workload& workload, Device& device)
    : workload_(workload),
      adaptation_(setup.deployment.adaptation.get()),
      device_(device),
      budget_(setup.budget.value_or(Bytes{})),
      tolerated_(budget_) {
    if (adaptation_ != nullptr) find_next();
}

void BudgetInForce::find_next() {
    const auto& changes = workload_.budget_changes;
    next_ = changes_taken_ < changes.size() ? changes[changes_taken_].at : Time::max();
}

std::optional<Bytes> BudgetInForce::take_all(Time at) {
    bool changed = std::exchange(first_, false);
    while (next_ <= at) {
        since_ = next_;
        budget_ = workload_.budget_changes[changes_taken_++].budget;
        find_next();
        changed = true;
    }
    if (!changed) return std::nullopt;
    tolerated_ = std::max(tolerated_, budget_);
    device_.set_budget(budget_, tolerated_);
    return budget_;
}

void BudgetInForce::begin_grace(std::int64_t commands, Ticket next) {
    left_ = commands;
    before_ = next;
    if (left_ == 0) end_grace();
}

// What the device reserves itself is nobody's fault.
void BudgetInForce::end_grace() {
    const MemoryReport& memory = device_.memory();
    const auto of = [&](Category category) {
        return memory.by_category[static_cast<std::size_t>(category)];
    };
    const Bytes parameters =
        of(Category::parameters) + of(Category::staging) + of(Category::duplicates);
    tolerated_ = std::max({budget_, of(Category::reserved), memory.in_use - parameters});
    device_.set_budget(budget_, tolerated_);
}

std::optional<Bytes> BudgetInForce::out_of_reach() const {
    if (adaptation_ == nullptr || budget_ >= adaptation_->minimum()) return std::nullopt;
    return adaptation_->minimum();
}

}  // namespace swaplab
