#include "experiments/run/notes.h"

#include <algorithm>

#include "experiments/run/extrapolation_report.h"
#include "experiments/request/traces.h"
#include "experiments/shell/exit_code.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "profiles/base/quantity.h"
#include "policies/metrics/demand.h"
#include "policies/run/planning.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"

namespace swaplab {

namespace {

constexpr std::size_t kMostNamed = 6;

Bytes capacity_of(const Scenario& scenario) {
    Bytes capacity;
    for (const Node& node : scenario.device.platform.nodes) capacity += node.memory.capacity;
    return capacity;
}

}  // namespace

void note_shadowed(const Console& console, const Experiment& asked) {
    for (const ModelChoice& choice : asked.models)
        if (choice.shadows) console.note(shadowed_text("model", choice.spec));
    for (const DeviceChoice& choice : asked.devices)
        if (choice.shadows) console.note(shadowed_text("device", choice.spec));
}

void note_missing_noise(const Console& console, const Scenario& scenario) {
    if (scenario.noise && !is_random(scenario))
        console.note(text("the profile of {} has no noise: every draw is the mean, one run is all",
                          scenario.device.platform.name));
}

void note_large_peak(const Console& console, const Scenario& scenario, const RunResult& result) {
    if (result.memory.peak <= capacity_of(scenario)) return;
    console.note(text("the run's peak of {} is more than the {} of {}",
                      format_bytes(result.memory.peak), format_bytes(capacity_of(scenario)),
                      scenario.device.platform.name));
}

void note_large_budget(const Console& console, const Scenario& scenario,
                       std::optional<Bytes> budget) {
    const Bytes capacity = capacity_of(scenario);
    if (!budget || *budget <= capacity) return;
    console.note(text("the budget of {} is more than the {} of {}", format_bytes(*budget),
                      format_bytes(capacity), scenario.device.platform.name));
}

void note_demand(const Console& console, const Scenario& scenario) {
    const Platform& platform = scenario.device.platform;
    const ComputeDemand demand =
        compute_demand(scenario.workload, cost_models(scenario.workload, platform));
    if (demand.sum <= 1) return;
    const std::vector<std::string> labels = labels_of(scenario.models);
    std::vector<std::string> parts;
    for (std::size_t j = 0; j < labels.size(); ++j)
        if (demand.jobs[j] > 0 && labels.size() > 1 && parts.size() < kMostNamed)
            parts.push_back(text("{} {}", labels[j], percent(demand.jobs[j])));
    console.note(text("requests ask for {} of the compute of {}{}: who waits will wait longer and "
                      "longer for as long as they come",
                      percent(demand.sum), platform.name,
                      parts.empty() ? std::string() : " (" + join(parts, ", ") + ")"));
}

void note_unused_costs(const Console& console, const Scenario& scenario) {
    const Platform& platform = scenario.device.platform;
    std::vector<std::string> unused;
    for (const Node& node : platform.nodes)
        for (std::string& key : costs_not_used_yet(node)) unused.push_back(std::move(key));
    if (!unused.empty())
        console.note(
            text("the profile of {} gives {}, which nothing acts on: they are parts of "
                 "assembly and release",
                 platform.name, join(unused, ", ")));
}

void note_extrapolation(const Console& console, const Scenario& scenario, const RunResult& result) {
    if (const std::string note = extrapolation_note(extrapolations_of(result, scenario));
        !note.empty())
        console.note(note);
}

int exit_code_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::infeasible: return exit_infeasible;
        case Verdict::stuck:
        case Verdict::infeasible_from:
        case Verdict::refused: return exit_failed;
        case Verdict::interrupted: return exit_interrupted;
        case Verdict::ok:
        case Verdict::deadline_miss: return exit_ok;
    }
    return exit_failed;
}

}  // namespace swaplab
