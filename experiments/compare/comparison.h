// Policies x budgets of one scenario: one result per cell.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/metric.h"
#include "experiments/request/cells.h"
#include "policies/metrics/result.h"

namespace swaplab {

struct ComparedPolicy {
    PolicyChoice choice;
    Bytes minimum;                          // the smallest budget with which it would do
    std::optional<RunResult> at_minimum{};  // where its line in a plot begins
};

struct ComparedBudget {
    BudgetChoice choice;
    std::optional<Bytes> bytes;  // absent for "min": each policy has its own
};

struct ComparedResult {
    const RunResult* result;
    const PolicyChoice* policy;
};

struct Comparison {
    const Scenario* scenario = nullptr;         // borrowed
    std::vector<ComparedPolicy> policies;       // those that need a budget, in the order asked for
    std::vector<ComparedBudget> budgets;        // ascending, "min" first
    std::vector<std::vector<RunResult>> cells;  // [budget][policy]
    // Likewise, what each replication came to; empty where cells ran once.
    std::vector<std::vector<std::vector<ReplicationFigures>>> replications;
    std::optional<RunResult> full_memory;       // `direct`
    bool full_memory_asked = false;             // `direct` was one of the policies asked for
    bool interrupted = false;  // the cells that did not run say so as their verdict

    // Of one cell, by replication; empty with fewer than two.
    std::vector<double> samples(std::size_t row, std::size_t policy, Metric metric) const;
    // All cells in the order of the rows; with what `direct` did first, if it was asked for.
    std::vector<ComparedResult> results() const;
    bool any_feasible() const;
    bool any_failed() const;  // stuck, or refused by the device
};

// A bound for the latency of every cell of a row: nullopt where the cells have budgets of their own
// (a bound belongs to its budget), or where it bounds the makespan of several jobs, which says
// nothing about a mean latency. For a stream of one job the bound of the makespan
// is divided among its requests, whose latencies add up to it.
std::optional<Duration> latency_bound(const std::vector<RunResult>& row);

struct ComparisonRequest {
    const Scenario& scenario;
    Testbed testbed;
    std::vector<PolicyChoice> policies;
    std::vector<BudgetChoice> budgets;
    bool with_minima = false;  // also run each policy at its own minimum, for a plot
};

// `on_cell(done, total)` is called after each run. Throws what `Cells` and the runner throw.
Comparison compare(const ComparisonRequest& request,
                   const std::function<void(std::int64_t, std::int64_t)>& on_cell);

// How many replications bring every mean to within `precision` of itself (95 %): a few are tried
// first, which say how many it takes, and so on. At most `most` are tried: what is returned may be
// more. Nothing where a try was interrupted.
using TryComparison = std::function<Comparison(const Scenario&)>;
std::optional<std::int64_t> replications_for_precision(Scenario scenario, Metric metric,
                                                       double precision, std::int64_t most,
                                                       const TryComparison& try_once);

}  // namespace swaplab
