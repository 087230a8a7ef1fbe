#include "policies/run/prepared_run.h"

#include "policies/metrics/replications.h"
#include "policies/registry.h"
#include "policies/run/planning.h"
#include "policies/run/same_plan.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Every replication of one plan, put together.
RunResult replicated(RunRequest request, const Planned& planned, const Policy& policy,
                     const PreparedRun::Each& each = nullptr) {
    std::vector<RunResult> all;
    for (std::int64_t r = 0; r < (request.noise ? request.replications : 1); ++r) {
        const std::unique_ptr<Scheduler> scheduler = planned.scheduler(request, policy);
        RunResult one = run_once(request, planned, *scheduler, policy.spec);
        const bool interrupted = one.verdict == Verdict::interrupted;
        if (each && !interrupted) each(one);
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

std::optional<bool> equal_outputs(const std::optional<Evidence>& a,
                                  const std::optional<Evidence>& b) {
    if (!a || !b || a->outputs.empty()) return std::nullopt;
    return a->outputs == b->outputs;
}

// The sum over these requests of a job, in order, replication by replication.
Duration turns_of_those(const std::vector<RequestId>& ended, const FullMemory& direct,
                        std::size_t job) {
    const Durations& all = direct.turns_of_all[job];
    const std::size_t requests = direct.requests_of_one[job];
    Duration sum{};
    std::size_t begin = 0;  // of a replication
    for (std::size_t i = 0; i < ended.size(); ++i) {
        if (i > 0 && ended[i] <= ended[i - 1]) begin += requests;
        sum += all[begin + ended[i].index];
    }
    return sum;
}

void add_reference(RunResult& result, const FullMemory& direct) {
    if (!direct.complete) return;
    result.full_memory_latency = direct.latency;
    for (std::size_t j = 0; j < result.jobs.size(); ++j) {
        JobResult& job = result.jobs[j];
        const bool of_those = !direct.turns_of_all.empty();
        job.full_memory_turns =
            of_those ? turns_of_those(job.ended, direct, j) : direct.turns[j];
        job.full_memory_requests = of_those ? std::ssize(job.turns) : direct.requests[j];
    }
    if (direct.evidence) result.full_memory_pace = direct.evidence->pace;
    result.outputs_equal = equal_outputs(result.evidence, direct.evidence);
}

void add_bounds(RunResult& result, const Bounds& bounds) {
    result.lower_bound = bounds.lower;
    result.policy_bound = bounds.policy;
    result.lower_bound_of = bounds.of;
}

// A policy without a budget is the reference; it is not held to one.
RunRequest held(RunRequest request, const Policy& policy) {
    if (!policy.needs_budget && !request.workload.budget_changes.empty())
        throw UnsupportedError(
            text("policy {} takes no budget, so none can change during the run", policy.spec));
    if (!policy.needs_budget) request.budget.reset();
    return request;
}

}  // namespace

namespace {

// The same without a rule for overruns; `workload` is for the request to borrow.
RunRequest without_overruns(const RunRequest& request, Workload& workload) {
    workload = request.workload;
    workload.overrun = {};
    return {.platform = request.platform,
            .workload = workload,
            .budget = {},
            .account = request.account,
            .device = request.device,
            .noise = request.noise,
            .replications = request.replications,
            .dispatch = request.dispatch,
            .stop = request.stop};
}

FullMemory run_in_full_memory(RunRequest request, const CostModels& costs, bool each_request) {
    request.budget.reset();
    request.observer = nullptr;
    const Policy direct = make_policy(direct_policy());
    const auto deployment =
        std::get<Deployment>(direct.planner->plan({request.platform, costs, {}, request.account}));
    const RunResult result = replicated(request, Planned(request, costs, deployment), direct);
    FullMemory reference;
    reference.complete = result.verdict != Verdict::interrupted;
    reference.latency = result.latency.mean;
    for (const JobResult& job : result.jobs) {
        reference.turns.push_back(job.turns.sum());
        reference.requests.push_back(std::ssize(job.turns));
        if (each_request) reference.turns_of_all.push_back(job.turns);
    }
    const auto replications = static_cast<std::size_t>(request.noise ? request.replications : 1);
    if (each_request)
        for (const JobResult& job : result.jobs)
            reference.requests_of_one.push_back(job.turns.size() / replications);
    reference.evidence = result.evidence;
    return reference;
}

}  // namespace

FullMemory run_in_full_memory(RunRequest request, const CostModels& costs) {
    if (request.workload.overrun.any()) {
        Workload workload;
        return run_in_full_memory(without_overruns(request, workload), costs, true);
    }
    return run_in_full_memory(std::move(request), costs, false);
}

FullMemory run_in_full_memory(const RunRequest& request) {
    return run_in_full_memory(request, cost_models(request));
}

namespace {

// That a budget is too small stands, whether or not this machine holds the whole model.
std::optional<FullMemory> in_full_memory(const RunRequest& request, const CostModels& costs,
                                         Verdict verdict) {
    try {
        return run_in_full_memory(request, costs);
    } catch (const UnsupportedError&) {
        if (verdict != Verdict::infeasible) throw;
        return std::nullopt;
    }
}

}  // namespace

void add_references(RunResult& result, const RunRequest& request, const CostModels& costs,
                    const Bounds& bounds, const FullMemory* reference) {
    // Of an interrupted run nothing bounds the makespan: not all requests are in it.
    const bool interrupted = result.verdict == Verdict::interrupted;
    if (!interrupted || bounds.of == BoundOf::latency) add_bounds(result, bounds);
    result.lower_bound_of = bounds.of;
    if (interrupted) return;
    if (reference != nullptr)
        add_reference(result, *reference);
    else if (request.with_reference && !request.stopped())
        if (const auto full = in_full_memory(request, costs, result.verdict))
            add_reference(result, *full);
}

PreparedRun::PreparedRun(const RunRequest& request, const Policy& policy)
    : request_(held(request, policy)),
      policy_(policy),
      costs_(cost_models(request_)),
      outcome_(plan(request_, costs_, policy)) {
    const auto* deployment = std::get_if<Deployment>(&outcome_);
    bounds_ = bounds(request_, costs_, deployment);
    if (deployment != nullptr) planned_.emplace(request_, costs_, *deployment);
}

RunResult PreparedRun::refused() const {
    const auto& refusal = std::get<Infeasible>(outcome_);
    RunResult result;
    result.verdict = Verdict::infeasible;
    result.minimum_budget = refusal.minimum_budget;
    result.reason = refusal.reason;
    result.layers = refusal.layers;
    return result;
}

std::optional<RunResult> PreparedRun::adopted(const PreparedRun& other,
                                              const RunResult& result) const {
    const bool planned = planned_ && other.planned_ && request_.workload.budget_changes.empty();
    if (!planned || !same_plan(planned_->deployment, other.planned_->deployment)) return {};
    // A budget is a limit, and nothing else, as long as it is kept.
    if (!result.ran() || (request_.budget && result.memory.peak > *request_.budget)) return {};
    RunResult adopted = result;
    adopted.budget = request_.budget;
    for (const JobId j : planned_->deployment.jobs.ids())
        adopted.jobs[j.index].budget = planned_->deployment.jobs[j].budget;
    add_bounds(adopted, bounds_);
    return adopted;
}

RunResult PreparedRun::run(std::optional<NoiseKey> noise, const FullMemory* reference,
                           const Each& each) const {
    RunRequest request = request_;
    request.noise = noise;
    RunResult result = planned_ ? replicated(request, *planned_, policy_, each) : refused();
    result.policy = policy_.spec;
    result.budget = request.budget;
    add_references(result, request, costs_, bounds_, reference);
    return result;
}

}  // namespace swaplab
