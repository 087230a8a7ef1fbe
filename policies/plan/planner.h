// The roles of a policy: tiny abstract classes, one implementation per file.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "policies/port/command.h"
#include "policies/port/deployment.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"
#include "policies/schedule/dispatcher.h"

namespace swaplab {

// What planners decide from: mean costs, the platform and the budget; never the drawn noise or the
// arrivals.
struct PlanRequest {
    const Platform& platform;
    std::span<const CostModel> costs;  // by JobId; each knows its model
    Bytes budget;                      // of all jobs together
    Account account = Account::all;
    std::span<const double> weights = {};  // by JobId; empty: all 1
    // The budget may change during the run: deploy the lookup tables. A planner that has none
    // leaves `Deployment::adaptation` empty.
    bool adaptive = false;
};

using PlanOutcome = std::variant<Deployment, Infeasible>;

// Models + platform + budget -> deployment, or a typed refusal.
class Planner {
  public:
    virtual ~Planner() = default;
    virtual PlanOutcome plan(const PlanRequest& request) const = 0;
};

// One model on one node. `plan` may assume budget >= minimum_budget.
struct PartitionRequest {
    const CostModel& cost;
    NodeId node;
    Bytes budget;  // of this job, without what is reserved on the node
    Account account = Account::all;
    Bytes reserved;  // on the node: a margin of the whole budget covers it too
};

class Partitioner {
  public:
    virtual ~Partitioner() = default;
    // The smallest budget with a plan, and the layers that force it (never fails).
    virtual Infeasible minimum(const PartitionRequest& request) const = 0;
    virtual JobPlan partition(const PartitionRequest& request) const = 0;
    // The rows of the job's lookup table (`request.budget` does not matter); as many plans as are
    // needed to find them are made.
    virtual std::vector<JobPlan> front(const PartitionRequest& request) const;
};

// What a scheduler may know when it decides: the past and the present.
struct View {
    Time now{};
    std::span<const Arrival> arrivals;        // since the last call, in order
    std::span<const Completion> completions;  // since the last call, in order
    const MemoryReport& memory;
    // The budget from now on, in runs in which it may change: at the first call and at changes.
    std::optional<Bytes> budget = {};
    // The mode from now on, where it has just changed (empty: the device's own), else null.
    const std::string* mode = nullptr;
};

// Where a scheduler puts its moves. The runner checks each and blames the policy by name.
class Moves {
  public:
    virtual ~Moves() = default;
    virtual Ticket submit(const Command& command) = 0;
    virtual bool cancel(Ticket ticket) = 0;
};

// What a scheduler is built from. Borrowed for the whole run.
struct SchedulerSetup {
    const Deployment& deployment;
    const std::vector<std::vector<BlockFacts>>& facts;  // by JobId and BlockId
    std::vector<double> weights = {};                   // by JobId; empty: all 1
    Dispatch dispatch = {};
};

class Scheduler {
  public:
    virtual ~Scheduler() = default;
    // Called once per instant at which something happened, after completions, changes and arrivals
    // of that instant. Commands may be submitted far ahead; keep a window of tens per lane.
    virtual void decide(const View& view, Moves& moves) = 0;
};

}  // namespace swaplab
