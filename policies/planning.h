// What planning and running share: cost models, block facts, references.
#pragma once

#include <vector>

#include "policies/runner.h"

namespace swaplab {

// One cost model per job, by JobId; they borrow the models and the platform of the request.
std::vector<CostModel> cost_models(const RunRequest& request);
// By JobId and BlockId.
std::vector<std::vector<BlockFacts>> block_facts(const std::vector<CostModel>& costs,
                                                 const Deployment& deployment);

// `plan` of the runner, with the cost models of the request at hand.
PlanOutcome plan(const RunRequest& request, const std::vector<CostModel>& costs,
                 const Policy& policy);

std::vector<double> weights(const Workload& workload);  // by JobId

}  // namespace swaplab
