#include "policies/run/runner.h"

#include <algorithm>

#include "policies/metrics/replications.h"
#include "policies/registry.h"
#include "policies/run/bounds.h"
#include "policies/run/planning.h"
#include "policies/run/run_loop.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Every command has a ticket of 32 bits.
void check_length(const Workload& workload, const Deployment& deployment) {
    constexpr double most = 4e9;
    constexpr double commands_per_block = 6;
    double commands = 0;
    for (const JobId j : deployment.jobs.ids()) {
        std::uint32_t blocks = 0;
        for (const Variant& variant : deployment.jobs[j].variants)
            blocks = std::max(blocks, variant.size());
        commands += static_cast<double>(workload.jobs[j].requests) *
                    static_cast<double>(workload.jobs[j].model->passes()) * blocks *
                    commands_per_block;
    }
    if (commands > most)
        throw InputError(
            text("the run may take {:.3g} commands, expected at most {:.0g}: ask for "
                 "fewer requests",
                 commands, most));
}

// A plan with what every run of it needs. Borrows the cost models and the deployment.
struct Planned {
    Planned(const RunRequest& request, const CostModels& cost_models, const Deployment& plan)
        : costs(cost_models),
          deployment(plan),
          facts(block_facts(costs, deployment)),
          requests(request_facts(tokens_of(request.workload), request.platform, costs, deployment,
                                 facts)),
          modes(mode_facts(request, deployment)) {}

    std::unique_ptr<Scheduler> scheduler(const RunRequest& request, const Policy& policy) const {
        return policy.make_scheduler(
            {deployment, facts, weights(request.workload), request.dispatch});
    }

    const CostModels& costs;
    const Deployment& deployment;
    const AllFacts facts;         // in the mode at the start
    const RequestFacts requests;  // likewise, where requests differ
    const std::vector<ModeFacts> modes;
};

JobResult planned_job(const Job& job, const JobPlan& plan,
                      const IdVector<BlockId, BlockFacts>& facts) {
    const Variant& initial = plan.at_start();
    JobResult result;
    result.model = job.model->name();
    result.budget = plan.budget;
    result.blocks = {facts.begin() + initial.first, facts.begin() + initial.last};
    return result;
}

// One run with everything but what refers to other runs.
RunResult run_once(const RunRequest& request, const Planned& planned, Scheduler& scheduler,
                   const std::string& name) {
    const Deployment& deployment = planned.deployment;
    check_length(request.workload, deployment);
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

// Every replication of one plan, put together.
RunResult replicate(RunRequest request, const Planned& planned, const Policy& policy) {
    std::vector<RunResult> all;
    for (std::int64_t r = 0; r < (request.noise ? request.replications : 1); ++r) {
        const std::unique_ptr<Scheduler> scheduler = planned.scheduler(request, policy);
        RunResult one = run_once(request, planned, *scheduler, policy.spec);
        const bool interrupted = one.verdict == Verdict::interrupted;
        if (!interrupted || all.empty()) all.push_back(std::move(one));
        if (interrupted || request.stopped()) break;
        if (request.noise) ++request.noise->replication;
        request.observer = nullptr;
    }
    const bool complete = std::ssize(all) == (request.noise ? request.replications : 1);
    RunResult result = pooled(std::move(all));
    if (!complete) result.verdict = Verdict::interrupted;
    return result;
}

// `direct` under the same workload and draws on the same kind of device.
RunResult run_in_full_memory(RunRequest request, const CostModels& costs) {
    request.budget.reset();
    request.observer = nullptr;
    const Policy direct = make_policy(direct_policy());
    const auto deployment =
        std::get<Deployment>(direct.planner->plan({request.platform, costs, {}, request.account}));
    return replicate(request, Planned(request, costs, deployment), direct);
}

// That a budget is too small stands, whether or not this machine holds the whole model.
std::optional<RunResult> reference(const RunRequest& request, const CostModels& costs,
                                   bool refused) {
    try {
        return run_in_full_memory(request, costs);
    } catch (const UnsupportedError&) {
        if (!refused) throw;
        return std::nullopt;
    }
}

std::optional<bool> equal_outputs(const RunResult& a, const RunResult& b) {
    if (!a.evidence || !b.evidence || a.evidence->outputs.empty()) return std::nullopt;
    return a.evidence->outputs == b.evidence->outputs;
}

// What a result is compared with. `deployment` is null where there is no plan.
void add_references(RunResult& result, const RunRequest& request, const CostModels& costs,
                    const Deployment* deployment) {
    const Bounds bound = bounds(request, costs, deployment);
    // Of an interrupted run nothing bounds the makespan: not all requests are in it.
    const bool interrupted = result.verdict == Verdict::interrupted;
    if (!interrupted || bound.of == BoundOf::latency) {
        result.lower_bound = bound.lower;
        result.policy_bound = bound.policy;
    }
    result.lower_bound_of = bound.of;
    if (!request.with_reference || interrupted || request.stopped()) return;
    const auto direct = reference(request, costs, deployment == nullptr);
    if (!direct || direct->verdict == Verdict::interrupted) return;
    result.full_memory_latency = direct->latency.mean;
    for (std::size_t j = 0; j < result.jobs.size(); ++j)
        for (const Duration turn : direct->jobs[j].turns) result.jobs[j].full_memory_turns += turn;
    if (direct->evidence) result.full_memory_pace = direct->evidence->pace;
    result.outputs_equal = equal_outputs(result, *direct);
}

RunResult refused(const Infeasible& refusal) {
    RunResult result;
    result.verdict = Verdict::infeasible;
    result.minimum_budget = refusal.minimum_budget;
    result.reason = refusal.reason;
    result.layers = refusal.layers;
    return result;
}

}  // namespace

RunResult run_deployment(const RunRequest& request, const Deployment& deployment,
                         Scheduler& scheduler, const std::string& name) {
    const CostModels costs = cost_models(request);
    RunResult result = run_once(request, Planned(request, costs, deployment), scheduler, name);
    add_references(result, request, costs, &deployment);
    return result;
}

RunResult run(const RunRequest& request, const Policy& policy) {
    if (!request.workload.budget_changes.empty() && !policy.needs_budget)
        throw UnsupportedError(
            text("policy {} takes no budget, so none can change during the run", policy.spec));
    const CostModels costs = cost_models(request);
    const PlanOutcome outcome = plan(request, costs, policy);
    // A policy without a budget is the reference; it is not held to one.
    RunRequest held = request;
    if (!policy.needs_budget) held.budget.reset();
    const auto* deployment = std::get_if<Deployment>(&outcome);
    RunResult result = deployment == nullptr
                           ? refused(std::get<Infeasible>(outcome))
                           : replicate(held, Planned(held, costs, *deployment), policy);
    result.policy = policy.spec;
    result.budget = held.budget;
    add_references(result, held, costs, deployment);
    return result;
}

}  // namespace swaplab
