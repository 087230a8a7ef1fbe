// What the requests of a run ask of compute, before it begins.
#pragma once

#include <span>
#include <vector>

#include "policies/port/workload.h"
#include "profiles/cost/cost.h"

namespace swaplab {

// Execution asked for per second, as a share of a second: mean durations, alone, over the mean gap
// between the first and the last arrival. Above 1 waiting grows for as long as requests come. Of
// requests that come when others have ended (cold, closed), or all at once, nothing is asked per
// second.
struct ComputeDemand {
    double sum = 0;
    std::vector<double> jobs;
};
ComputeDemand compute_demand(const Workload& workload, IdSpan<JobId, const CostModel> costs);

}  // namespace swaplab
