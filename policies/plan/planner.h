// Planning: models, a platform and a budget become a deployment, or a typed refusal. A planner sees
// all jobs; a partitioner cuts one model into blocks.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "policies/port/deployment.h"
#include "policies/port/holding.h"
#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"
#include "profiles/cost/cost.h"
#include "profiles/device/platform.h"

namespace swaplab {

// What is rehearsed: a cold request, or the second of two that are queued.
enum class Rehearsed : std::uint8_t { cold, steady };

// What a request of a job takes with this plan on the mean device as it will run, alone on it: with
// contention, waits for idle storage and all else that closed forms leave out.
using Rehearsal = std::function<Duration(JobId job, const JobPlan& plan, Rehearsed what)>;

// What planners decide from: mean costs, the platform and the budget; never the drawn noise or the
// arrivals.
struct PlanRequest {
    const Platform& platform;
    IdSpan<JobId, const CostModel> costs;  // each knows its model
    Bytes budget;                          // of all jobs together
    Account account = Account::all;
    IdSpan<JobId, const double> weights = {};  // empty: all 1
    // The budget may change during the run: deploy the lookup tables. A planner that has none
    // leaves `Deployment::adaptation` empty.
    bool adaptive = false;
    // Empty where no virtual device is at hand: then closed forms decide alone.
    Rehearsal rehearse = {};
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
    // As in `PlanRequest`.
    std::function<Duration(const JobPlan& plan, Rehearsed what)> rehearse = {};
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

  protected:
    // A budget beyond which no plan of any policy needs more.
    static Bytes plenty(const PartitionRequest& request);
    // Rows at least 1/64 of memory apart: where plans are dear, or as many as there are budgets.
    std::vector<JobPlan> coarse_front(const PartitionRequest& request) const;

  private:
    JobPlan at_budget(const PartitionRequest& request, Bytes budget) const;
};

}  // namespace swaplab
