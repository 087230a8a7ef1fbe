#include "experiments/compare/comparison_csv.h"

#include "experiments/emulate/pace_check.h"
#include "experiments/run/result_json.h"
#include "experiments/text/csv.h"
#include "experiments/text/layout.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string number(Duration d) { return text("{}", count_ns(d)); }
std::string number(Bytes b) { return text("{}", b.count); }

// A column of a figure: its name, and its field for one result; empty for one that never ran.
struct Column {
    std::string name;
    std::string (*field)(const RunResult&);
};

const std::vector<Column>& metric_columns() {
    using R = const RunResult&;
    static const std::vector<Column> columns{
        {"latency_mean_ns", [](R r) { return number(r.latency.mean); }},
        {"latency_min_ns", [](R r) { return number(r.latency.min); }},
        {"latency_p50_ns", [](R r) { return number(r.latency.p50); }},
        {"latency_p95_ns", [](R r) { return number(r.latency.p95); }},
        {"latency_p99_ns", [](R r) { return number(r.latency.p99); }},
        {"latency_max_ns", [](R r) { return number(r.latency.max); }},
        {"turn_mean_ns", [](R r) { return number(r.turn.mean); }},
        {"waiting_mean_ns", [](R r) { return number(r.waiting.mean); }},
        {"makespan_ns", [](R r) { return number(r.makespan); }},
        {"throughput_per_s", [](R r) { return text("{}", r.throughput_per_s()); }},
        {"full_memory_latency_ns", [](R r) { return number(r.full_memory_latency); }},
        {"slowdown", [](R r) { return text("{}", r.slowdown()); }},
        {"lower_bound_ns", [](R r) { return number(r.lower_bound); }},
        {"policy_bound_ns", [](R r) { return number(r.policy_bound); }},
        {"lower_bound_of",
         [](R r) {
             return std::string(r.lower_bound_of == BoundOf::latency ? "latency" : "makespan");
         }},
        {"closed_form_ns",
         [](R r) { return r.closed_form ? number(*r.closed_form) : std::string(); }},
        {"peak_bytes", [](R r) { return number(r.memory.peak); }},
        {"arena_bytes", [](R r) { return number(r.memory.arena_bytes); }},
        {"largest_hole_bytes", [](R r) { return number(r.memory.largest_hole); }},
        {"swapped_in_bytes", [](R r) { return number(r.swapped_in); }},
        {"compute_busy_ns", [](R r) { return number(r.compute_busy); }},
        {"stall_memory_ns", [](R r) { return number(r.stalls[StallReason::memory]); }},
        {"stall_read_ns", [](R r) { return number(r.stalls[StallReason::read]); }},
        {"stall_copy_ns", [](R r) { return number(r.stalls[StallReason::copy]); }},
        {"stall_assembly_ns", [](R r) { return number(r.stalls[StallReason::assembly]); }},
        {"stall_idle_ns", [](R r) { return number(r.stalls[StallReason::idle]); }},
        {"stall_other_ns", [](R r) { return number(r.stalls[StallReason::other]); }},
        {"deadline_miss_ratio", [](R r) { return text("{}", r.deadline_miss_ratio); }},
        {"energy_j", [](R r) { return r.energy_j ? text("{}", *r.energy_j) : std::string(); }},
        {"events", [](R r) { return text("{}", r.events); }},
        {"replications", [](R r) { return text("{}", r.replications.count); }},
        {"latency_half_width_95_ns",
         [](R r) {
             const auto& half_width = r.replications.half_width;
             return half_width ? number(*half_width) : std::string();
         }},
    };
    return columns;
}

std::vector<std::string> header() {
    std::vector<std::string> names{"models", "device", "account",      "mode",   "requests",
                                   "policy", "budget", "budget_bytes", "verdict"};
    for (const Column& column : metric_columns()) names.push_back(column.name);
    for (std::size_t i = 0; i < kCategories; ++i)
        names.push_back(text("peak_{}_bytes", name_of(static_cast<Category>(i))));
    for (const char* name : {"blocks", "minimum_budget_bytes", "reason", "kind", "measured_device",
                             "valid", "time_scale"})
        names.emplace_back(name);
    return names;
}

std::string block_counts(const RunResult& result) {
    std::vector<std::string> counts;
    for (const JobResult& job : result.jobs) counts.push_back(text("{}", job.blocks.size()));
    return join(counts, "+");
}

std::vector<std::string> fields_of(const RunResult& result, const std::string& budget,
                                   const Scenario& scenario) {
    std::vector<std::string> fields{scenario.models_text(),
                                    scenario.device_text(),
                                    std::string(name_of(scenario.account)),
                                    scenario.arrival_text(),
                                    text("{}", scenario.requests_asked()),
                                    result.policy,
                                    budget,
                                    result.budget ? number(*result.budget) : std::string(),
                                    std::string(name_of(result.verdict))};
    const bool ran = result.ran();
    for (const Column& column : metric_columns())
        fields.push_back(ran ? column.field(result) : std::string());
    for (const Bytes bytes : result.memory.peak_by_category)
        fields.push_back(ran ? number(bytes) : std::string());
    const bool infeasible = result.verdict == Verdict::infeasible;
    fields.push_back(ran ? block_counts(result) : std::string());
    fields.push_back(infeasible ? number(result.minimum_budget) : std::string());
    fields.push_back(result.reason);
    fields.emplace_back(scenario.backend->kind);
    fields.emplace_back(scenario.measured() ? "true" : "false");
    // Of emulated runs only.
    const auto pace = judge_pace(result, scenario.lateness);
    fields.push_back(!pace ? "" : pace->valid() ? "true" : "false");
    fields.push_back(pace ? text("{}", pace->time_scale) : "");
    return fields;
}

}  // namespace

std::string comparison_csv(std::span<const Comparison> comparisons) {
    std::string csv = csv_line(header());
    for (const Comparison& comparison : comparisons) {
        const Scenario& scenario = *comparison.scenario;
        if (comparison.full_memory_asked && comparison.full_memory)
            csv += csv_line(fields_of(*comparison.full_memory, "", scenario));
        for (std::size_t row = 0; row < comparison.cells.size(); ++row)
            for (const RunResult& cell : comparison.cells[row])
                csv += csv_line(fields_of(cell, comparison.budgets[row].choice.text, scenario));
    }
    return csv;
}

std::string comparison_json(std::span<const Comparison> comparisons,
                            const std::string& command_line, ResultSchema schema) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/comparison/1");
    json.key("results").begin_array();
    for (const Comparison& comparison : comparisons) {
        const Scenario reference = without_budget_changes(*comparison.scenario);
        const Certificate of_reference(reference, command_line);
        const Certificate certificate(*comparison.scenario, command_line);
        for (const auto& [result, policy] : comparison.results())
            write_result(json, *result, *policy, policy->needs_budget ? certificate : of_reference,
                         std::nullopt, schema);
    }
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
