#include "experiments/compare/comparison_csv.h"

#include <algorithm>

#include "experiments/compare/lead_table.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/run/metric_columns.h"
#include "experiments/run/result_json.h"
#include "experiments/text/csv.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string number(Bytes b) { return text("{}", b.count); }

// All columns of figures, in order.
std::vector<MetricColumn> figure_columns() {
    std::vector<MetricColumn> all = metric_columns();
    for (const auto* more : {&replication_columns(), &memory_columns()})
        all.insert(all.end(), more->begin(), more->end());
    return all;
}

bool may_overrun(std::span<const Comparison> comparisons) {
    return std::ranges::any_of(comparisons, [](const Comparison& comparison) {
        return comparison.scenario->workload.overrun.any();
    });
}

// Where any scenario has a rule for overruns, they come last.
std::vector<std::string> header(bool overruns) {
    std::vector<std::string> names{"models", "device", "account",      "mode",   "requests",
                                   "policy", "budget", "budget_bytes", "verdict"};
    for (const MetricColumn& column : figure_columns()) names.push_back(column.name);
    for (const char* name :
         {"minimum_budget_bytes", "reason", "kind", "measured_device", "valid", "time_scale"})
        names.emplace_back(name);
    if (overruns)
        for (const char* name : {"overrun", "dropped", "aborted"}) names.emplace_back(name);
    return names;
}

std::vector<std::string> fields_of(const RunResult& result, const std::string& budget,
                                   const Scenario& scenario, bool overruns) {
    std::vector<std::string> fields{scenario.models_text(),
                                    scenario.device_text(),
                                    std::string(name_of(scenario.account)),
                                    scenario.arrival_text(),
                                    requests_field(scenario),
                                    result.policy,
                                    budget,
                                    result.budget ? number(*result.budget) : std::string(),
                                    std::string(name_of(result.verdict))};
    const bool ran = result.ran();
    for (const MetricColumn& column : figure_columns())
        fields.push_back(ran ? column.field(result) : std::string());
    const bool infeasible = result.verdict == Verdict::infeasible;
    fields.push_back(infeasible ? number(result.minimum_budget) : std::string());
    fields.push_back(result.reason);
    fields.emplace_back(scenario.backend->kind);
    fields.emplace_back(scenario.measured() ? "true" : "false");
    // Of emulated runs only.
    const auto pace = judge_pace(result, scenario.lateness);
    fields.push_back(!pace ? "" : pace->valid() ? "true" : "false");
    fields.push_back(pace ? text("{}", pace->time_scale) : "");
    if (!overruns) return fields;
    fields.push_back(text_of(scenario.workload.overrun));
    for (const std::int64_t count : {result.dropped(), result.aborted()})
        fields.push_back(ran ? text("{}", count) : std::string());
    return fields;
}

}  // namespace

std::string comparison_csv(std::span<const Comparison> comparisons) {
    const bool overruns = may_overrun(comparisons);
    std::string csv = csv_line(header(overruns));
    for (const Comparison& comparison : comparisons) {
        const Scenario& scenario = *comparison.scenario;
        if (comparison.full_memory_asked && comparison.full_memory)
            csv += csv_line(fields_of(*comparison.full_memory, "", scenario, overruns));
        for (std::size_t row = 0; row < comparison.cells.size(); ++row)
            for (const RunResult& cell : comparison.cells[row])
                csv += csv_line(
                    fields_of(cell, comparison.budgets[row].choice.text, scenario, overruns));
    }
    return csv;
}

std::string comparison_json(std::span<const Comparison> comparisons,
                            const std::string& command_line, ResultSchema schema, Metric metric) {
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
    json.end_array();
    if (std::ranges::any_of(comparisons, replicated)) {
        json.key("leads").begin_array();
        for (const Comparison& comparison : comparisons) write_leads(json, comparison, metric);
        json.end_array();
    }
    json.end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
