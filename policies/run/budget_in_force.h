// The budget of a run in which it may change (`Workload::budget_changes`), with the grace that a
// fall gives: what requests begun under an earlier budget hold is tolerated until the last of them
// has ended and is released; from then on the new budget is enforced. How long more than the new
// budget was in use is measured from the change on (`MemoryReport::over_budget`).
#pragma once

#include <optional>
#include <vector>

#include "policies/metrics/metrics.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"
#include "policies/run/command_check.h"

namespace swaplab {

class BudgetInForce {
  public:
    // Everything is borrowed for the run. Where the deployment has no `adaptation` the budget never
    // changes, and nothing is ever told to the device.
    BudgetInForce(const DeviceSetup& setup, const Workload& workload, Device& device,
                  const CommandCheck& check, const Metrics& metrics);

    // When it changes next; Time::max() if it does not.
    Time next_change() const { return next_; }
    // Ends the grace where it is over and takes all changes up to `at`; instants come in order.
    // Returns the budget from now on if there was a change; the first call counts as one. The
    // device may report a breach afterwards: the end of the grace is where it is held to account.
    std::optional<Bytes> take(Time at) {
        return adaptation_ == nullptr ? std::nullopt : take_all(at);
    }

    Bytes now() const { return budget_; }
    // The smallest budget with which there is a plan, if the one in force is below it.
    std::optional<Bytes> out_of_reach() const;

  private:
    std::optional<Bytes> take_all(Time at);
    void find_next();
    void begin_grace();
    bool begun_is_left(JobId job) const;
    void end_grace();

    const Workload& workload_;
    const Adaptation* adaptation_;  // null: the budget does not change
    Device& device_;
    const CommandCheck& check_;
    const Metrics& metrics_;
    std::size_t changes_taken_ = 0;
    Time next_ = Time::max();
    bool first_ = true;
    Bytes budget_;
    Bytes tolerated_;  // at least `budget_`; more during a grace
    // How many requests had begun when the budget last changed; empty once all of them have ended
    // and are released.
    IdVector<JobId, std::uint32_t> grace_;
};

}  // namespace swaplab
