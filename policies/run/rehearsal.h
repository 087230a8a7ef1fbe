// Rehearsing plans on a virtual device before one is chosen (SYSTEMS: SwapNet).
#pragma once

#include "policies/plan/planner.h"
#include "policies/run/runner.h"

namespace swaplab {

// Runs one cold request of one job, or two that are queued, with the policy's own scheduler, without noise and budget, on a
// device of `request.rehearsal`; empty where the request has none. Borrows everything.
Rehearsal rehearsal_of(const RunRequest& request, const CostModels& costs, const Policy& policy);

}  // namespace swaplab
