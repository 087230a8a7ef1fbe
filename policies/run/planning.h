// What planning and running share: cost models, block facts, references.
#pragma once

#include <memory>
#include <vector>

#include "policies/run/runner.h"

namespace swaplab {

// One cost model per job; they borrow the models and the platform of the request.
CostModels cost_models(const RunRequest& request);
// The same on another platform, which they borrow instead.
CostModels cost_models(const Workload& workload, const Platform& platform);
// The modes that the run changes to, each once, in the order of their first change.
std::vector<std::string> modes_changed_to(const Workload& workload);
AllFacts block_facts(const CostModels& costs, const Deployment& deployment);
// What blocks and switching take in the mode that the platform is in; `costs` are of it.
ModeFacts facts_in_mode(std::shared_ptr<const Platform> platform, CostModels costs,
                        const Deployment& deployment, const AllTokens& tokens = {});
// The same in each of `modes_changed_to`.
std::vector<ModeFacts> mode_facts(const RunRequest& request, const Deployment& deployment);

// `plan` of the runner, with the cost models of the request at hand.
PlanOutcome plan(const RunRequest& request, const CostModels& costs, const Policy& policy);

IdVector<JobId, double> weights(const Workload& workload);

}  // namespace swaplab
