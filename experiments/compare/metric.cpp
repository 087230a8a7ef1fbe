#include "experiments/compare/metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/run/metric_columns.h"
#include "experiments/text/layout.h"
#include "experiments/text/spec.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using R = const RunResult&;
using F = const ReplicationFigures&;

double ns(Duration d) { return static_cast<double>(count_ns(d)); }
std::optional<double> ns(std::optional<Duration> d) {
    return d ? std::optional(ns(*d)) : std::nullopt;
}

std::string as_time(double value, const TimeUnit& unit) {
    return in_unit(Duration{static_cast<std::int64_t>(value + 0.5)}, unit);
}
std::string as_ratio(double value, const TimeUnit&) { return text("{:.3f}", value); }
std::string as_percent(double value, const TimeUnit&) { return text("{:.1f}", 100 * value); }
std::string as_hits(double value, const TimeUnit&) { return text("{:.1f}", 100 * std::abs(value)); }
std::string as_mib(double value, const TimeUnit&) { return text("{:.1f}", value / 1048576); }
std::string as_significant(double value, const TimeUnit&) { return significant(value); }

// How far above what no policy can beat.
std::optional<double> gap_of(R r) {
    const Duration of = r.lower_bound_of == BoundOf::latency ? r.latency.mean : r.makespan;
    if (r.lower_bound <= Duration{}) return std::nullopt;
    return ns(of) / ns(r.lower_bound) - 1;
}

// What is compared is to be least: the more is found, the less this is.
std::optional<double> less_hits(R r) {
    const std::optional<double> rate = r.hit_rate();
    return rate ? std::optional(-*rate) : std::nullopt;
}

double gap_in(F f, R r) {
    const Duration of = r.lower_bound_of == BoundOf::latency ? f.latency : f.makespan;
    return r.lower_bound > Duration{} ? ns(of) / ns(r.lower_bound) - 1 : 0;
}

// Policies see the same draws: what `direct` took in this one is the same for all.
double slowdown_in(F f, R r) {
    return r.turn.mean > Duration{} ? r.slowdown() * ns(f.turn) / ns(r.turn.mean) : 0;
}

constexpr std::array<MetricRow, 10> kMetrics{{
    {.name = "latency",
     .title = "Latency in {}",
     .title_of_many = "Mean latency in {}",
     .value = [](R r) { return std::optional(ns(r.latency.mean)); },
     .sample = [](F f, R) { return ns(f.latency); },
     .shown = as_time,
     .of_time = true,
     .of_latency = true},
    {.name = "slowdown",
     .title = "Slowdown: turns / turns in full memory",
     .title_of_many = "Slowdown: turns / turns in full memory",
     .value = [](R r) { return std::optional(r.slowdown()); },
     .sample = slowdown_in,
     .shown = as_ratio,
     .of_latency = true},
    {.name = "turn",
     .title = "Turn (latency without waiting for others) in {}",
     .title_of_many = "Mean turn (latency without waiting for others) in {}",
     .value = [](R r) { return std::optional(ns(r.turn.mean)); },
     .sample = [](F f, R) { return ns(f.turn); },
     .shown = as_time,
     .of_time = true},
    {.name = "gap",
     .title = "Gap to the lower bound in %",
     .title_of_many = "Gap to the lower bound in %",
     .value = gap_of,
     .sample = gap_in,
     .shown = as_percent},
    {.name = "deadline-miss",
     .title = "Deadlines missed in %",
     .title_of_many = "Deadlines missed in %",
     .value = [](R r) { return std::optional(r.deadline_miss_ratio); },
     .sample = [](F f, R) { return f.deadline_miss_ratio; },
     .shown = as_percent},
    {.name = "ttft",
     .title = "Time to the first token in {}",
     .title_of_many = "Time to the first token in {}",
     .value = [](R r) { return ns(first_token_of(r)); },
     .sample = [](F f, R) { return ns(f.first_token); },
     .shown = as_time,
     .of_time = true},
    {.name = "tpot",
     .title = "Time per token after the first in {}",
     .title_of_many = "Time per token after the first in {}",
     .value = [](R r) { return ns(next_token_of(r)); },
     .sample = [](F f, R) { return ns(f.next_token); },
     .shown = as_time,
     .of_time = true},
    {.name = "hit-rate",
     .title = "Parameters found in memory in % of the bytes used",
     .title_of_many = "Parameters found in memory in % of the bytes used",
     .value = less_hits,
     .sample = [](F f, R) { return -f.hit_rate; },
     .shown = as_hits},
    {.name = "energy",
     .title = "Energy in J",
     .title_of_many = "Energy of all requests in J",
     .value = [](R r) { return r.energy_j; },
     .sample = [](F f, R) { return f.energy_j; },
     .shown = as_significant},
    {.name = "peak",
     .title = "Peak of memory in MiB",
     .title_of_many = "Peak of memory in MiB",
     .value = [](R r) { return std::optional(static_cast<double>(r.memory.peak.count)); },
     .sample = [](F f, R) { return static_cast<double>(f.peak.count); },
     .shown = as_mib},
}};

void require_power(const Platform& platform) {
    for (const Node& node : platform.nodes) {
        if (!node.power)
            throw InputError(
                text("--metric energy: device '{}' has no 'power' in its file, "
                     "expected idle_w, execute_w, read_j_per_byte, dram_j_per_byte",
                     platform.name));
        if (!node.power_in(platform.mode))
            throw InputError(
                text("--metric energy: what device '{}' draws in mode '{}' is not "
                     "known, expected a 'power' in that mode of its file",
                     platform.name, platform.mode));
    }
}

void require_tokens(const std::string& metric, const Scenario& scenario) {
    const auto generates = [](const ModelChoice& m) { return m.model->spec().tokens > 0; };
    if (std::ranges::none_of(scenario.models, generates))
        throw InputError(text("--metric {}: {} generates no tokens, expected a generative model",
                              metric, scenario.models_text()));
}

void require_deadline(const Scenario& scenario) {
    const bool any = std::ranges::any_of(scenario.workload.jobs, [](const Job& job) {
        return job.deadline || !job.deadlines.empty();
    });
    if (!any)
        throw InputError(
            "--metric deadline-miss: no request has a deadline, expected -m NAME:deadline=33ms");
}

}  // namespace

Metric metric_named(const std::string& name) {
    std::vector<std::string> names;
    for (const MetricRow& row : kMetrics) {
        if (row.name == name) return &row;
        names.emplace_back(row.name);
    }
    require_known("metric", name, names);
    return nullptr;
}

Metric latency_metric() { return &kMetrics[0]; }
Metric slowdown_metric() { return &kMetrics[1]; }

std::string metric_names() {
    std::vector<std::string> names;
    for (const MetricRow& row : kMetrics) names.emplace_back(row.name);
    names.front() += " (default)";
    return alternatives(names, ", ");
}

void require_metric(Metric metric, const Scenario& scenario) {
    const std::string name(metric->name);
    if (name == "energy") require_power(scenario.device.platform);
    if (name == "ttft" || name == "tpot") require_tokens(name, scenario);
    if (name == "deadline-miss") require_deadline(scenario);
}

std::string title_of(const MetricRow& metric, const Scenario& scenario, const TimeUnit& unit) {
    std::string title(scenario.has_several_requests() ? metric.title_of_many : metric.title);
    if (const std::size_t at = title.find("{}"); at != std::string::npos)
        title.replace(at, 2, unit.name);
    return title;
}

ReplicationFigures figures_of(const RunResult& one) {
    return {.latency = one.latency.mean,
            .turn = one.turn.mean,
            .makespan = one.makespan,
            .first_token = first_token_of(one).value_or(Duration{}),
            .next_token = next_token_of(one).value_or(Duration{}),
            .deadline_miss_ratio = one.deadline_miss_ratio,
            .energy_j = one.energy_j.value_or(0),
            .hit_rate = one.hit_rate().value_or(0),
            .peak = one.memory.peak};
}

std::vector<double> samples_of(Metric metric, const RunResult& result,
                               const std::vector<ReplicationFigures>& replications) {
    std::vector<double> samples;
    if (replications.size() < 2) return samples;
    for (const ReplicationFigures& figures : replications)
        samples.push_back(metric->sample(figures, result));
    return samples;
}

}  // namespace swaplab
