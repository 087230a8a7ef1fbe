#include "experiments/request/backends.h"
#include "experiments/text/csv.h"
#include "experiments/validate/validation_report.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string number(Bytes bytes) { return text("{}", bytes.count); }
std::string number(std::optional<Bytes> bytes) { return bytes ? number(*bytes) : std::string(); }
std::string number(Duration d) { return text("{}", count_ns(d)); }

std::vector<std::string> evidence_fields(const RunResult& run, const RunResult* direct) {
    if (!run.evidence) return {"", "", "", "", ""};
    const Evidence& evidence = *run.evidence;
    std::string equal;
    if (direct != nullptr && direct->evidence && !direct->evidence->outputs.empty())
        equal = evidence.outputs == direct->evidence->outputs ? "true" : "false";
    return {number(evidence.committed_peak), number(evidence.resident_growth),
            number(evidence.cgroup_peak), number(evidence.read_from_storage), equal};
}

// What tells studies of one experiment apart, besides models and device.
std::vector<std::string> workload_fields(const Scenario& scenario) {
    return {scenario.arrival_text(), requests_field(scenario),
            scenario.dispatch.spec,  scenario.noise ? text("{}", scenario.noise->seed) : "",
            scenario.arrivals_file,  scenario.budget_trace_file,
            scenario.mode_trace_file};
}

std::string rows_of(const Study& study, const Configuration& configuration) {
    std::string rows;
    for (std::size_t r = 0; r < configuration.measured.size(); ++r) {
        const RunResult& run = configuration.measured[r];
        const RunResult* direct =
            r < study.reference.measured.size() ? &study.reference.measured[r] : nullptr;
        std::vector<std::string> fields{study.scenario->models_text(),
                                        study.scenario->device_text(),
                                        std::string(study.against->kind),
                                        configuration.policy.spec,
                                        configuration.budget.text,
                                        configuration.bytes ? number(*configuration.bytes) : "",
                                        text("{}", r + 1),
                                        number(configuration.predicted.latency.mean),
                                        number(run.latency.mean),
                                        direct != nullptr ? number(direct->latency.mean) : "",
                                        number(run.measured_lower_bound),
                                        number(configuration.predicted.memory.peak),
                                        number(run.memory.peak),
                                        number(run.swapped_in)};
        for (std::string& field : evidence_fields(run, direct)) fields.push_back(std::move(field));
        for (std::string& field : workload_fields(*study.scenario))
            fields.push_back(std::move(field));
        rows += csv_line(fields);
    }
    return rows;
}

}  // namespace

std::string validation_csv(const Validation& validation) {
    std::string csv = csv_line({"models",
                                "device",
                                "kind",
                                "policy",
                                "budget",
                                "budget_bytes",
                                "repeat",
                                "predicted_latency_ns",
                                "measured_latency_ns",
                                "measured_direct_ns",
                                "measured_lower_bound_ns",
                                "predicted_peak_bytes",
                                "accounted_peak_bytes",
                                "swapped_in_bytes",
                                "committed_peak_bytes",
                                "resident_growth_bytes",
                                "cgroup_peak_bytes",
                                "read_from_storage_bytes",
                                "outputs_equal",
                                "mode",
                                "requests",
                                "dispatch",
                                "seed",
                                "arrivals",
                                "budget_trace",
                                "mode_trace"});
    for (const Study& study : validation.studies) {
        csv += rows_of(study, study.reference);
        for (const Configuration& configuration : study.configurations)
            csv += rows_of(study, configuration);
    }
    return csv;
}

}  // namespace swaplab
