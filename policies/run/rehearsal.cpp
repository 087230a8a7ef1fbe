#include "policies/run/rehearsal.h"

#include "policies/run/planning.h"
#include "policies/run/run_loop.h"

namespace swaplab {

Rehearsal rehearsal_of(const RunRequest& request, const CostModels& costs, const Policy& policy) {
    if (!request.rehearsal) return {};
    return [&request, &costs, &policy](JobId job, const JobPlan& plan, Rehearsed what) {
        Workload alone;
        Job& rehearsing = alone.jobs.emplace_back();
        rehearsing.model = request.workload.jobs[job].model;
        if (what == Rehearsed::steady) {
            rehearsing.mode = ArrivalMode::stream;
            rehearsing.requests = 2;
        }
        CostModels cost;
        cost.push_back(costs[job]);
        Deployment deployment;
        deployment.jobs.push_back(plan);
        deployment.parallel_reads = plan.parallel_reads;
        const AllFacts facts = block_facts(cost, deployment);
        const RunRequest rehearsed{.platform = request.platform,
                                   .workload = alone,
                                   .budget = {},
                                   .account = request.account,
                                   .device = request.rehearsal};
        const DeviceSetup setup{.platform = request.platform,
                                .costs = cost,
                                .facts = facts,
                                .deployment = deployment,
                                .account = request.account};
        RunResult result;
        result.jobs.emplace_back();
        const auto scheduler = policy.make_scheduler({deployment, facts, weights(alone), {}});
        run_loop(rehearsed, setup, *scheduler, policy.spec, result);
        return result.jobs.front().turns.back();
    };
}

}  // namespace swaplab
