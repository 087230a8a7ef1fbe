#include "policies/run/single_run.h"

#include <algorithm>

#include "policies/run/planning.h"
#include "policies/run/run_loop.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// How many requests there can be: of a job that runs until a given time no more than there is
// compute for, and those of its clients that wait.
double most_requests(const Job& job, const CostModel& cost) {
    const auto asked = static_cast<double>(job.requests);
    if (!job.until) return asked;
    double alone = 0;
    for (const UnitId unit : job.model->whole()) alone += cost.execute_unit_ns(unit);
    const double fit = static_cast<double>(count_ns(*job.until)) / std::max(alone, 1.0);
    return std::min(asked, fit + static_cast<double>(job.loop.clients));
}

// Every command has a ticket of 32 bits.
void check_length(const Workload& workload, const Deployment& deployment,
                  const CostModels& costs) {
    constexpr double most = 4e9;
    constexpr double commands_per_block = 6;
    double commands = 0;
    for (const JobId j : deployment.jobs.ids()) {
        std::uint32_t blocks = 0;
        for (const Variant& variant : deployment.jobs[j].variants)
            blocks = std::max(blocks, variant.size());
        commands += most_requests(workload.jobs[j], costs[j]) *
                    static_cast<double>(workload.jobs[j].model->passes()) * blocks *
                    commands_per_block;
    }
    if (commands > most)
        throw InputError(
            text("the run may take {:.3g} commands, expected at most {:.0g}: ask for "
                 "fewer requests",
                 commands, most));
}

JobResult planned_job(const Job& job, const JobPlan& plan,
                      const IdVector<BlockId, BlockFacts>& facts) {
    const Variant& initial = plan.at_start();
    JobResult result;
    result.model = job.model->name();
    result.budget = plan.budget;
    result.blocks = {facts.begin() + initial.first, facts.begin() + initial.last};
    return result;
}

}  // namespace

Planned::Planned(const RunRequest& request, const CostModels& cost_models, const Deployment& plan)
    : costs(cost_models),
      deployment(plan),
      facts(block_facts(costs, deployment)),
      requests(
          request_facts(tokens_of(request.workload), request.platform, costs, deployment, facts)),
      modes(mode_facts(request, deployment)) {}

std::unique_ptr<Scheduler> Planned::scheduler(const RunRequest& request,
                                              const Policy& policy) const {
    return policy.make_scheduler({deployment, facts, weights(request.workload), request.dispatch});
}

RunResult run_once(const RunRequest& request, const Planned& planned, Scheduler& scheduler,
                   const std::string& name) {
    const Deployment& deployment = planned.deployment;
    check_length(request.workload, deployment, planned.costs);
    const DeviceSetup setup{.platform = request.platform,
                            .costs = planned.costs,
                            .facts = planned.facts,
                            .deployment = deployment,
                            .account = request.account,
                            .budget = request.budget,
                            .noise = request.noise,
                            .listener = request.observer,
                            .stop = request.stop,
                            .modes = planned.modes,
                            .requests = planned.requests.empty() ? nullptr : &planned.requests};
    RunResult result;
    result.policy = name;
    result.budget = request.budget;
    for (const JobId j : planned.facts.ids())
        result.jobs.push_back(
            planned_job(request.workload.jobs[j], deployment.jobs[j], planned.facts[j]));
    if (request.observer != nullptr) request.observer->on_start(setup, request.workload);
    run_loop(request, setup, scheduler, name, result);
    if (request.observer != nullptr) request.observer->on_end();
    result.closed_form = deployment.closed_form;
    return result;
}

}  // namespace swaplab
