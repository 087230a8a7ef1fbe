// What planning and running share: cost models, block facts, references.
#pragma once

#include <vector>

#include "policies/runner.h"

namespace swaplab {

// One cost model per job; they borrow the models and the platform of the request.
std::vector<CostModel> cost_models(const RunRequest& request);
std::vector<std::vector<BlockFacts>> block_facts(const std::vector<CostModel>& costs,
                                                 const Deployment& deployment);

std::vector<double> weights(const Workload& workload);  // by JobId

}  // namespace swaplab
