#include "experiments/comparison.h"

#include <algorithm>

#include "policies/registry.h"

namespace swaplab {

namespace {

// Ascending, so that a plot and a table read the same way; "min" comes first.
std::vector<ComparedBudget> resolve_budgets(const ComparisonRequest& request) {
    std::vector<ComparedBudget> budgets;
    const Bytes parameters = request.scenario.parameter_bytes();
    for (const BudgetChoice& choice : request.budgets)
        budgets.push_back({choice.text, resolve(choice, parameters)});
    std::stable_sort(budgets.begin(), budgets.end(),
                     [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
    return budgets;
}

void run_direct(Comparison& comparison, const ComparisonRequest& request) {
    comparison.full_memory = run(request_of(request.scenario, std::nullopt), make_policy("direct"));
}

// A run that never began, since the comparison was interrupted before.
RunResult not_run(const std::string& policy, Bytes budget) {
    RunResult result;
    result.verdict = Verdict::interrupted;
    result.policy = policy;
    result.budget = budget;
    return result;
}

RunResult run_cell(const Scenario& scenario, const Policy& policy, Bytes budget) {
    if (scenario.stopped()) return not_run(policy.spec, budget);
    return run(request_of(scenario, budget), policy);
}

}  // namespace

std::vector<const RunResult*> Comparison::results() const {
    std::vector<const RunResult*> results;
    if (full_memory_asked && full_memory) results.push_back(&*full_memory);
    for (const auto& row : cells)
        for (const RunResult& cell : row) results.push_back(&cell);
    return results;
}

bool Comparison::any_feasible() const {
    if (policies.empty()) return full_memory && feasible(*full_memory);
    return std::any_of(cells.begin(), cells.end(), [](const auto& row) {
        return std::any_of(row.begin(), row.end(), feasible);
    });
}

bool Comparison::any_stuck() const {
    const auto all = results();
    return std::any_of(all.begin(), all.end(),
                       [](const RunResult* r) { return r->verdict == Verdict::stuck; });
}

std::optional<Duration> latency_bound(const std::vector<RunResult>& row) {
    std::optional<Duration> bound;
    for (const RunResult& cell : row) {
        if (!feasible(cell)) continue;
        Duration of_cell = cell.lower_bound;
        if (cell.lower_bound_of == BoundOf::makespan) {
            if (cell.jobs.size() != 1 || cell.requests == 0) return std::nullopt;
            of_cell /= cell.requests;
        }
        bound = std::min(bound.value_or(of_cell), of_cell);
    }
    return bound;
}

Comparison compare(const ComparisonRequest& request,
                   const std::function<void(std::int64_t, std::int64_t)>& on_cell) {
    const Scenario& scenario = request.scenario;
    Comparison comparison;
    std::vector<Policy> policies;
    for (const std::string& spec : request.policies) {
        // The reference is the same for all swap paths and budgets: it takes neither.
        if (make_policy(spec).needs_budget)
            policies.push_back(make_policy(spec, scenario.path, scenario.platform.memory_kind));
        else
            comparison.full_memory_asked = true;
    }
    comparison.budgets = resolve_budgets(request);
    run_direct(comparison, request);

    for (const Policy& policy : policies) {
        ComparedPolicy& column = comparison.policies.emplace_back();
        column.spec = policy.spec;
        column.minimum =
            minimum_budget(request_of(scenario, std::nullopt), policy).value_or(Bytes{});
        if (request.with_minima) column.at_minimum = run_cell(scenario, policy, column.minimum);
    }
    const auto total = static_cast<std::int64_t>(comparison.budgets.size() * policies.size());
    std::int64_t done = 0;
    for (const ComparedBudget& budget : comparison.budgets) {
        std::vector<RunResult>& row = comparison.cells.emplace_back();
        for (std::size_t i = 0; i < policies.size(); ++i) {
            const Bytes bytes = budget.bytes.value_or(comparison.policies[i].minimum);
            row.push_back(run_cell(scenario, policies[i], bytes));
            on_cell(++done, total);
        }
    }
    comparison.interrupted = scenario.stopped();
    return comparison;
}

}  // namespace swaplab
