#include "policies/run/planning.h"

#include "policies/run/rehearsal.h"

#include <algorithm>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

PlanOutcome plan_with(const RunRequest& request, const CostModels& costs, const Policy& policy,
                      Bytes budget, bool adaptive) {
    const IdVector<JobId, double> importance = weights(request.workload);
    PlanOutcome outcome =
        policy.planner->plan({request.platform, costs, budget, request.account, importance,
                              adaptive, rehearsal_of(request, costs, policy)});
    const auto* deployment = std::get_if<Deployment>(&outcome);
    if (adaptive && deployment != nullptr && deployment->adaptation == nullptr)
        throw UnsupportedError(text("policy {} has no lookup tables", policy.spec));
    return outcome;
}

}  // namespace

CostModels cost_models(const RunRequest& request) {
    return cost_models(request.workload, request.platform);
}

CostModels cost_models(const Workload& workload, const Platform& platform) {
    CostModels costs;
    costs.reserve(workload.jobs.size());
    for (const Job& job : workload.jobs) costs.emplace_back(*job.model, platform);
    return costs;
}

std::vector<std::string> modes_changed_to(const Workload& workload) {
    std::vector<std::string> modes;
    for (const ModeChange& change : workload.mode_changes)
        if (std::ranges::find(modes, change.mode) == modes.end()) modes.push_back(change.mode);
    return modes;
}

AllFacts block_facts(const CostModels& costs, const Deployment& deployment) {
    AllFacts facts;
    for (const JobId job : costs.ids()) facts.push_back(facts_of(costs[job], deployment.jobs[job]));
    return facts;
}

ModeFacts facts_in_mode(std::shared_ptr<const Platform> platform, CostModels costs,
                        const Deployment& deployment, const AllTokens& tokens) {
    ModeFacts facts;
    facts.mode = platform->mode;
    facts.facts = block_facts(costs, deployment);
    facts.requests = request_facts(tokens, *platform, costs, deployment, facts.facts);
    // To the nodes' own mode, for which a device file has no figure, it takes no time.
    for (const Node& node : platform->nodes) {
        const Mode* const mode = facts.mode.empty() ? nullptr : node.mode_named(facts.mode);
        facts.switching.push_back(mode != nullptr ? mode->switching : Duration{});
    }
    facts.platform = std::move(platform);
    facts.costs = std::move(costs);
    return facts;
}

std::vector<ModeFacts> mode_facts(const RunRequest& request, const Deployment& deployment) {
    std::vector<ModeFacts> all;
    for (const std::string& name : modes_changed_to(request.workload)) {
        auto platform = std::make_shared<Platform>(request.platform);
        platform->mode = name;
        CostModels costs = cost_models(request.workload, *platform);
        all.push_back(facts_in_mode(std::move(platform), std::move(costs), deployment,
                                    tokens_of(request.workload)));
    }
    return all;
}

IdVector<JobId, double> weights(const Workload& workload) {
    IdVector<JobId, double> weights;
    for (const Job& job : workload.jobs) weights.push_back(job.weight);
    return weights;
}

PlanOutcome plan(const RunRequest& request, const CostModels& costs, const Policy& policy) {
    if (policy.needs_budget && !request.budget)
        throw InputError(text("policy {} needs a budget: give one with --budget", policy.spec));
    return plan_with(request, costs, policy, request.budget.value_or(Bytes{}),
                     !request.workload.budget_changes.empty());
}

PlanOutcome plan(const RunRequest& request, const Policy& policy) {
    return plan(request, cost_models(request), policy);
}

Deployment lookup_tables(const RunRequest& request, const Policy& policy) {
    return std::get<Deployment>(
        plan_with(request, cost_models(request), policy, Bytes{kMostInTotal}, true));
}

std::optional<Bytes> minimum_budget(const RunRequest& request, const Policy& policy) {
    if (!policy.needs_budget) return std::nullopt;
    const PlanOutcome outcome = plan_with(request, cost_models(request), policy, Bytes{1}, false);
    if (const auto* refusal = std::get_if<Infeasible>(&outcome)) return refusal->minimum_budget;
    return Bytes{1};
}

}  // namespace swaplab
