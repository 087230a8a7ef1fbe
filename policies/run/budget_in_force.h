// The budget of a run in which it may change (`Workload::budget_changes`), with the grace that a
// fall gives: the budget before it is tolerated until all that the policy has left standing, or
// submitted, when it was told has ended. From then on only what requests that wait hold besides
// parameters may be in use beyond the budget. How long more than the new budget was in use is
// measured from the change on (`MemoryReport::over_budget`).
#pragma once

#include <optional>

#include "policies/port/device.h"
#include "policies/port/workload.h"

namespace swaplab {

class BudgetInForce {
  public:
    // Everything is borrowed for the run. Where the deployment has no `adaptation` the budget never
    // changes, and nothing is ever told to the device.
    BudgetInForce(const DeviceSetup& setup, const Workload& workload, Device& device);

    // When it changes next; Time::max() if it does not.
    Time next_change() const { return next_; }
    // Takes all changes up to `at`; instants come in order. Returns the budget from now on if there
    // was a change; the first call counts as one. The policy is to be told then.
    std::optional<Bytes> take(Time at) {
        return adaptation_ == nullptr ? std::nullopt : take_all(at);
    }

    // After the decision that follows a change: so many commands have not ended, all of them before
    // `next`.
    void begin_grace(std::int64_t commands, Ticket next);
    // One has ended, or was taken back. The device may report a breach afterwards.
    void on_end(Ticket ticket) {
        if (left_ > 0 && ticket < before_ && --left_ == 0) [[unlikely]]
            end_grace();
    }

    Bytes now() const { return budget_; }
    Time since() const { return since_; }
    // The smallest budget with which there is a plan, if the one in force is below it.
    std::optional<Bytes> out_of_reach() const;

  private:
    std::optional<Bytes> take_all(Time at);
    void find_next();
    void end_grace();

    const Workload& workload_;
    const Adaptation* adaptation_;  // null: the budget does not change
    Device& device_;
    std::size_t changes_taken_ = 0;
    Time next_ = Time::max();
    bool first_ = true;
    Bytes budget_;
    Time since_ = kStart;
    Bytes tolerated_;        // at least `budget_`; more during a grace
    std::int64_t left_ = 0;  // commands of the grace
    Ticket before_;          // they came
};

}  // namespace swaplab
