#include "experiments/compare/comparison.h"

#include <algorithm>

#include "policies/registry.h"
#include "policies/run/prepared_run.h"

namespace swaplab {

namespace {

// A run that never began, since the comparison was interrupted before.
RunResult not_run(const std::string& policy, Bytes budget) {
    RunResult result;
    result.verdict = Verdict::interrupted;
    result.policy = policy;
    result.budget = budget;
    return result;
}

// What a cell is whose policy the device does not survive: the others go on.
RunResult refused(const std::string& policy, Bytes budget, const char* reason) {
    RunResult result;
    result.verdict = Verdict::refused;
    result.policy = policy;
    result.budget = budget;
    result.reason = reason;
    return result;
}

// A comparison under way.
class Comparing {
  public:
    explicit Comparing(const ComparisonRequest& request) : request_(request) {
        comparison_.scenario = &request.scenario;
    }

    Comparison go(const std::function<void(std::int64_t, std::int64_t)>& on_cell) {
        // The reference is the same for all swap paths and budgets: it takes neither.
        std::vector<PolicyChoice> compared;
        for (const PolicyChoice& choice : request_.policies) {
            comparison_.full_memory_asked |= !choice.needs_budget;
            if (choice.needs_budget) compared.push_back(choice);
        }
        const Cells cells(request_.scenario, compared, ascending(request_.budgets), true);
        const Scenario reference = without_budget_changes(request_.scenario);
        comparison_.full_memory =
            run(request_of(reference, request_.testbed, {}), make_policy(direct_policy()));
        run_minima(cells);
        run_rows(cells, on_cell);
        comparison_.interrupted = request_.testbed.stopped();
        return std::move(comparison_);
    }

  private:
    // So that a plot and a table read the same way; "min" comes first.
    std::vector<BudgetChoice> ascending(std::vector<BudgetChoice> budgets) const {
        const Bytes parameters = request_.scenario.parameter_bytes();
        std::stable_sort(budgets.begin(), budgets.end(), [&](const auto& a, const auto& b) {
            return resolve(a, parameters) < resolve(b, parameters);
        });
        return budgets;
    }
    RunResult run_cell(const System& system, Bytes budget,
                       std::vector<ReplicationFigures>* replications = nullptr) const {
        if (request_.testbed.stopped()) return not_run(system.choice.spec, budget);
        try {
            const RunRequest asked = request_of(request_.scenario, request_.testbed, budget);
            return PreparedRun(asked, *system.policy).run(asked.noise, shared_reference(), [&](const RunResult& one) {
                if (replications != nullptr) replications->push_back(figures_of(one));
            });
        } catch (const RefusedByDevice& error) {
            return refused(system.choice.spec, budget, error.what());
        }
    }
    // `direct` under the same draws is the same for all cells; in real time it is not the same
    // twice, and each cell is measured beside its own.
    const FullMemory* shared_reference() const {
        if (request_.scenario.backend->real_time) return nullptr;
        if (!reference_)
            reference_ = run_in_full_memory(request_of(request_.scenario, request_.testbed, {}));
        return &*reference_;
    }
    void run_minima(const Cells& cells) {
        for (const System& system : cells.systems()) {
            ComparedPolicy& column = comparison_.policies.emplace_back();
            column.choice = system.choice;
            column.minimum = system.minimum.value_or(Bytes{});
            if (request_.with_minima) column.at_minimum = run_cell(system, column.minimum);
        }
    }
    // Row by row, so that an interrupted comparison has whole rows.
    void run_rows(const Cells& cells,
                  const std::function<void(std::int64_t, std::int64_t)>& on_cell) {
        const std::size_t budgets = cells.budgets().size();
        const auto total = std::ssize(cells.all());
        std::int64_t done = 0;
        for (std::size_t b = 0; b < budgets; ++b) {
            const BudgetChoice& budget = cells.budgets()[b];
            comparison_.budgets.push_back(
                {budget, resolve(budget, request_.scenario.parameter_bytes())});
            std::vector<RunResult>& row = comparison_.cells.emplace_back();
            auto& samples = comparison_.replications.emplace_back();
            for (std::size_t at = b; at < cells.all().size(); at += budgets) {
                const Cell& cell = cells.all()[at];
                row.push_back(run_cell(*cell.system, *cell.bytes, &samples.emplace_back()));
                on_cell(++done, total);
            }
        }
    }

    const ComparisonRequest& request_;
    Comparison comparison_;
    mutable std::optional<FullMemory> reference_;
};

}  // namespace

std::vector<ComparedResult> Comparison::results() const {
    std::vector<ComparedResult> results;
    if (full_memory_asked && full_memory) results.push_back({&*full_memory, &direct_policy()});
    for (const auto& row : cells)
        for (std::size_t i = 0; i < row.size(); ++i)
            results.push_back({&row[i], &policies[i].choice});
    return results;
}

std::vector<double> Comparison::samples(std::size_t row, std::size_t policy, Metric metric) const {
    if (row >= replications.size()) return {};
    return samples_of(metric, cells[row][policy], replications[row][policy]);
}

bool Comparison::any_feasible() const {
    if (policies.empty()) return full_memory && full_memory->ran();
    return std::any_of(cells.begin(), cells.end(), [](const auto& row) {
        return std::any_of(row.begin(), row.end(), std::mem_fn(&RunResult::ran));
    });
}

bool Comparison::any_failed() const {
    return std::ranges::any_of(results(), [](const ComparedResult& r) {
        return is_stuck(r.result->verdict) || r.result->verdict == Verdict::refused;
    });
}

std::optional<Duration> latency_bound(const std::vector<RunResult>& row) {
    std::optional<Duration> bound;
    std::optional<Bytes> budget;
    for (const RunResult& cell : row) {
        if (!cell.ran()) continue;
        if (bound && cell.budget != budget) return std::nullopt;
        budget = cell.budget;
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
    return Comparing(request).go(on_cell);
}

}  // namespace swaplab
