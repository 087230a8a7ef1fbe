// What `plan` tells about a deployment: as text, and as `swaplab/plan/1`.
#pragma once

#include <string>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"
#include "policies/port/deployment.h"

namespace swaplab {

struct PlannedRun {
    const Scenario& scenario;
    const PolicyChoice& policy;
    const Deployment* deployment;  // null where the plan is infeasible
    RunResult cold;                // one cold request with this deployment
    std::string command_line;      // that can be run again
};

std::string plan_report(const PlannedRun& planned);
std::string plan_json(const PlannedRun& planned);

// The largest sum of the parameter bytes of two blocks that follow one another; of the only block
// where there is one.
Bytes pair_peak(const std::vector<BlockFacts>& blocks);

}  // namespace swaplab
