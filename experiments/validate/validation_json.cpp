#include "experiments/request/backends.h"
#include "experiments/request/certificate.h"
#include "experiments/text/json_parts.h"
#include "experiments/validate/validation_report.h"

namespace swaplab {

namespace {

void write_optional(JsonWriter& json, std::optional<bool> flag) {
    if (flag)
        json.value(*flag);
    else
        json.null();
}

void write_latencies(JsonWriter& json, const Configuration& configuration) {
    json.member("predicted_latency_ns", count_ns(configuration.predicted.latency.mean));
    json.key("measured_latency_ns").begin_array();
    for (const RunResult& run : configuration.measured) json.value(count_ns(run.latency.mean));
    json.end_array();
}

void write_point(JsonWriter& json, const Point& point) {
    json.member("measured_median_ns", point.measured_ns).member("cv", point.cv);
    json.member("latency_error", point.error);
    json.member("predicted_overhead", point.predicted_overhead);
    json.member("measured_overhead", point.measured_overhead);
    json.member("overhead_error", point.overhead_error());
    json.member("predicted_peak_bytes", point.predicted_peak.count);
    json.member("accounted_peak_bytes", point.accounted_peak.count);
    write_optional(json.key("committed_peak_bytes"), point.committed_peak);
    write_optional(json.key("resident_growth_bytes"), point.resident_growth);
    write_optional(json.key("within_budget"), point.within_budget());
    json.member("swapped_in_bytes", point.swapped_in.count);
    write_optional(json.key("read_over_swapped_in"), point.read_ratio);
    json.member("same_bytes", point.same_bytes).member("same_order", point.same_order);
    if (point.lateness) json.member("lateness", *point.lateness);
    if (point.time_scale) json.member("time_scale", *point.time_scale);
    write_optional(json.key("outputs_equal"), point.outputs_equal);
}

void write_configuration(JsonWriter& json, const Configuration& configuration,
                         const Assessment& assessment) {
    json.begin_object().member("policy", configuration.policy.spec);
    json.member("budget", configuration.budget.text);
    write_optional(json.key("budget_bytes"), configuration.bytes);
    json.member("verdict", name_of(configuration.predicted.verdict));
    if (!configuration.failure.empty()) json.member("failure", configuration.failure);
    if (configuration.predicted.verdict != Verdict::infeasible)
        write_latencies(json, configuration);
    for (const std::vector<Point>* points : {&assessment.references, &assessment.points})
        for (const Point& point : *points)
            if (point.configuration == &configuration) write_point(json, point);
    if (configuration.late > 0) json.member("late_runs", configuration.late);
    json.end_object();
}

// What the machine was like, as the first measured run has it.
void write_conditions(JsonWriter& json, const Study& study) {
    json.begin_object();
    for (const RunResult& run : study.reference.measured) {
        if (!run.evidence) continue;
        for (const auto& [name, value] : run.evidence->conditions) json.member(name, value);
        break;
    }
    json.end_object();
}

// What `direct` is compared with where it was asked for.
void write_frozen(JsonWriter& json, const Study& study) {
    if (!study.frozen) return;
    const Duration direct{static_cast<std::int64_t>(study.reference.measured_median_ns())};
    json.member("frozen_latency_ns", count_ns(study.frozen->latency));
    json.member("slowdown_frozen", study.frozen->slowdown(direct));
    json.member("frozen_outputs_equal", study.frozen->outputs_equal);
    json.member("frozen_largest_difference", study.frozen->largest_difference);
    json.member("frozen_largest_output", study.frozen->largest_output);
}

void write_study(JsonWriter& json, const Study& study, const Assessment& assessment,
                 const std::string& command_line) {
    json.begin_object().member("models", study.scenario->models_text());
    json.member("device", study.scenario->device_text()).member("against", study.against->name);
    json.member("kind", study.against->kind);
    if (study.interrupted) json.member("interrupted", true);
    write_conditions(json.key("conditions"), study);
    write_configuration(json.key("reference"), study.reference, assessment);
    write_frozen(json, study);
    json.key("configurations").begin_array();
    for (const Configuration& configuration : study.configurations)
        write_configuration(json, configuration, assessment);
    json.end_array();
    Certificate(*study.scenario, command_line)
        .write(json.key("certificate"), study.reference.predicted, study.reference.policy);
    json.end_object();
}

void write_ranking(JsonWriter& json, const Assessment& assessment) {
    write_optional(json.key("kendall_tau"), assessment.tau);
    json.member("pairs", std::ssize(assessment.pairs));
    json.member("pairs_within_noise", assessment.pairs_left_out);
    json.key("choices").begin_array();
    for (const Choice& choice : assessment.choices)
        json.begin_object()
            .member("models", choice.models)
            .member("budget", choice.budget)
            .member("chosen", choice.chosen)
            .member("best", choice.best)
            .member("regret", choice.regret)
            .end_object();
    json.end_array().key("crossovers").begin_array();
    for (const Crossover& crossover : assessment.crossovers)
        json.begin_object()
            .member("first", crossover.first)
            .member("second", crossover.second)
            .member("before", crossover.before)
            .member("after", crossover.after)
            .member("predicted", crossover.predicted)
            .member("measured", crossover.measured)
            .end_object();
    json.end_array();
    write_optional(json.key("crossovers_matched"), assessment.crossovers_matched);
}

void write_summary(JsonWriter& json, const Assessment& assessment) {
    json.begin_object().member("configurations", std::ssize(assessment.points));
    json.member("median_error", assessment.median_error).member("p95_error", assessment.p95_error);
    json.member("median_overhead_error", assessment.median_overhead);
    json.member("p95_overhead_error", assessment.p95_overhead);
    json.member("median_slowdown_error", assessment.median_slowdown);
    json.member("p95_slowdown_error", assessment.p95_slowdown);
    json.member("noisy_configurations", static_cast<std::int64_t>(assessment.noisy.size()));
    write_optional(json.key("skill"), assessment.skill);
    json.member("skill_against", assessment.skill_against);
    write_optional(json.key("noise_floor"), assessment.noise_floor);
    json.member("inputs_differ", assessment.inputs_differ);
    write_ranking(json, assessment);
    json.end_object();
}

}  // namespace

std::string validation_json(const Validation& validation) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/validation/1").key("studies").begin_array();
    for (const Study& study : validation.studies)
        write_study(json, study, validation.assessment, validation.command_line);
    json.end_array();
    write_summary(json.key("summary"), validation.assessment);
    json.key("without_effect").begin_array();
    for (const Ablation& ablation : validation.ablations)
        json.begin_object()
            .member("effect", ablation.effect)
            .member("modelled", ablation.modelled)
            .member("median_error", ablation.median_error)
            .member("p95_error", ablation.p95_error)
            .end_object();
    json.end_array().key("gates").begin_array();
    for (const Gate& gate : validation.gates) {
        json.begin_object().member("name", gate.name).member("wanted", gate.wanted);
        json.member("asked", gate.asked);
        write_optional(json.key("value"), gate.value);
        json.member("met", gate.met()).end_object();
    }
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
