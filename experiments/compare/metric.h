// What comparisons are made by, as a table: one row per metric, of each of which less is better.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/request/scenario.h"
#include "experiments/text/figures.h"
#include "policies/metrics/result.h"

namespace swaplab {

// What one replication came to; means over its requests.
struct ReplicationFigures {
    Duration latency{}, turn{}, makespan{}, first_token{}, next_token{};
    double deadline_miss_ratio = 0;
    double energy_j = 0;  // 0 without power figures
    double hit_rate = 0;
    Bytes peak{};
};
ReplicationFigures figures_of(const RunResult& one);

struct MetricRow {
    std::string_view name;           // of --metric
    std::string_view title;          // above a table; "{}" stands for the unit of times
    std::string_view title_of_many;  // likewise, where there are several requests
    // What cells are compared by (ns, bytes, J, a share); nothing where a result has none.
    std::optional<double> (*value)(const RunResult&);
    // The same of one replication of a result.
    double (*sample)(const ReplicationFigures&, const RunResult&);
    // A value for people, in the unit of times of the table.
    std::string (*shown)(double value, const TimeUnit& unit);
    bool of_time = false;     // value is in ns
    bool of_latency = false;  // the lower bound of a row belongs beside it
};
using Metric = const MetricRow*;

Metric metric_named(const std::string& name);  // throws `InputError`
Metric latency_metric();
Metric slowdown_metric();
std::string metric_names();  // "latency (default), slowdown, ..."

// Found out before the runs: throws `InputError` where the scenario has nothing of it.
void require_metric(Metric metric, const Scenario& scenario);

std::string title_of(const MetricRow& metric, const Scenario& scenario, const TimeUnit& unit);

// By replication of `result`; empty with fewer than two.
std::vector<double> samples_of(Metric metric, const RunResult& result,
                               const std::vector<ReplicationFigures>& replications);

}  // namespace swaplab
