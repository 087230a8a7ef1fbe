// One run of one plan, with everything but what refers to other runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policies/port/request_facts.h"
#include "policies/run/runner.h"

namespace swaplab {

// A plan with what every run of it needs. Borrows the cost models and the deployment.
struct Planned {
    Planned(const RunRequest& request, const CostModels& cost_models, const Deployment& plan);

    std::unique_ptr<Scheduler> scheduler(const RunRequest& request, const Policy& policy) const;

    const CostModels& costs;
    const Deployment& deployment;
    const AllFacts facts;         // in the mode at the start
    const RequestFacts requests;  // likewise, where requests differ
    const std::vector<ModeFacts> modes;
};

// `name` is who is blamed. Throws what `run` throws.
RunResult run_once(const RunRequest& request, const Planned& planned, Scheduler& scheduler,
                   const std::string& name);

}  // namespace swaplab
