// Bounds from below (SEMANTICS: Bounds): of any policy, and of a policy with its own blocks.
#pragma once

#include "policies/metrics/result.h"
#include "policies/run/runner.h"

namespace swaplab {

struct Bounds {
    Duration lower{};   // no policy does better at this budget
    Duration policy{};  // nor does this one with the lanes and blocks that it has; at least `lower`
    BoundOf of = BoundOf::latency;
};

// Of this workload; without a plan (it is infeasible) nothing is resident before the run.
Bounds bounds(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
              const Deployment* deployment);

// The parts: the bound of any policy, and that of the lanes of a deployment's blocks, of one cold
// job whose blocks do not change during the run (else 0).
Bounds lower_bound(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
                   const Deployment* deployment);
Duration lanes_bound(const RunRequest& request, IdSpan<JobId, const CostModel> costs,
                     const Deployment& deployment);

// The product of all that may make an activity of the node shorter: its factors of contention
// below 1.
double least_factor(const Node& node, Activity activity);

}  // namespace swaplab
