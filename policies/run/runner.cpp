#include "policies/run/runner.h"

#include "policies/run/planning.h"
#include "policies/run/prepared_run.h"

namespace swaplab {

RunResult run_deployment(const RunRequest& request, const Deployment& deployment,
                         Scheduler& scheduler, const std::string& name) {
    const CostModels costs = cost_models(request);
    RunResult result = run_once(request, Planned(request, costs, deployment), scheduler, name);
    add_references(result, request, costs, bounds(request, costs, &deployment), nullptr);
    return result;
}

RunResult run(const RunRequest& request, const Policy& policy) {
    return PreparedRun(request, policy).run(request.noise);
}

}  // namespace swaplab
