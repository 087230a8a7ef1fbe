#include <algorithm>
#include <memory>

#include "experiments/backends.h"
#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/cli/progress.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/common.h"
#include "experiments/emulation.h"
#include "experiments/experiment_file.h"
#include "experiments/plot/validation_plot.h"
#include "experiments/report/validation_report.h"
#include "experiments/trace/trace_file.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::int64_t parse_repeats(const std::string& given) {
    constexpr std::int64_t usual = 5;
    constexpr double most = 10'000;
    if (given.empty()) return usual;
    const std::optional<double> number = parse_number(given);
    if (number && *number >= 1 && *number <= most && *number == static_cast<std::int64_t>(*number))
        return static_cast<std::int64_t>(*number);
    throw InputError(text("--repeats: expected a whole number from 1 to 10000, found '{}'", given));
}

// An experiment's replications are the repeats, unless the command line says how many.
std::vector<Options> studies_of_experiment(const Options& options) {
    const Experiment experiment = load_experiment(options.experiment);
    std::vector<Options> studies = studies_of(experiment, options);
    for (Options& study : studies) {
        study.replications = "1";
        if (options.repeats.empty() && experiment.replications)
            study.repeats = text("{}", *experiment.replications);
    }
    return studies;
}

// One command line per study: those of an experiment, else one per -m unless they run together.
std::vector<Options> studies_asked(const Options& options) {
    if (!options.experiment.empty()) {
        if (!options.models.empty() || !options.device.empty() || !options.policies.empty() ||
            !options.budgets.empty())
            throw InputError(
                text("the experiment {} says models, devices, policies and budgets: "
                     "leave out -m, -d, -p and -b",
                     options.experiment));
        return studies_of_experiment(options);
    }
    if (options.together || options.models.size() < 2) return {options};
    std::vector<Options> studies;
    for (const std::string& model : options.models) {
        studies.push_back(options);
        studies.back().models = {model};
    }
    return studies;
}

// What simulates and what measures: the same scenario twice, so that each backend may refuse it.
struct Sides {
    Scenario simulated;
    Scenario measured;
};

Sides resolve_sides(const Options& options, const Console& console) {
    Options simulating = options;
    simulating.backend = "sim";
    Options measuring = options;
    measuring.backend = options.against;
    Sides sides{resolve_scenario(simulating), resolve_scenario(measuring)};
    prepare_emulation(sides.measured, measuring, console);
    return sides;
}

StudyRequest request_for(const Options& options, const Sides& sides) {
    StudyRequest request{
        sides.simulated,         options.policies,       parse_budgets(options.budgets),
        options.against,         sides.measured.factory, parse_repeats(options.repeats),
        sides.measured.lateness, sides.measured.stop,    sides.measured.slower};
    if (request.policies.empty())
        throw InputError("a policy is needed: -p NAME[:key=value,...], once or more");
    const bool needs_budget = std::ranges::any_of(
        request.policies, [](const std::string& spec) { return make_policy(spec).needs_budget; });
    if (needs_budget && request.budgets.empty())
        throw InputError("a budget is needed: -b 0.3x,0.5x,1.0x");
    return request;
}

std::unique_ptr<OutputFile> open_if_asked(const std::string& path) {
    return path.empty() ? nullptr : std::make_unique<OutputFile>(path);
}

void write_if_asked(const std::unique_ptr<OutputFile>& file, const std::string& content) {
    if (!file) return;
    file->stream() << content;
    file->commit();
}

// The first configuration that runs, once more on both sides, in one timeline.
void write_trace(const Options& options, const Sides& sides, const Study& study,
                 const Console& console) {
    const auto ran = std::ranges::find_if(study.configurations, &Configuration::compared);
    if (ran == study.configurations.end()) return;
    const Scenario& scenario = sides.simulated;
    const std::string other =
        options.against == "sim" ? "simulated again" : kind_of(options.against);
    TraceFile trace(
        options.trace, {},
        text("{} on {}: {}", scenario.models_text(), scenario.device_text(), ran->policy),
        text("budget {}, simulated above, {} below", ran->budget, other));
    const Policy policy = make_policy(ran->policy, scenario.path, scenario.platform.memory_kind);
    for (const bool simulated : {true, false}) {
        TimelineObserver& observer = trace.add_run(simulated ? "simulated" : other);
        RunRequest asked = request_of(scenario, ran->bytes, &observer);
        if (simulated) asked.noise.reset();
        if (!simulated) asked.device = sides.measured.factory;
        asked.replications = 1;
        asked.with_reference = false;
        run(asked, policy);
    }
    trace.commit(console);
}

int code_of(const Validation& validation) {
    const auto missed = [](const Gate& gate) { return gate.asked && !gate.met(); };
    if (!validation.assessment.failures.empty()) return exit_failed;
    if (std::ranges::any_of(validation.gates, missed)) return exit_gate_failed;
    return validation.assessment.points.empty() ? exit_infeasible : exit_ok;
}

}  // namespace

int validate_command(const Options& options, const Console& console) {
    if (options.against.empty()) throw InputError("what is measured? --against cpu, cuda or emu");
    if (options.replications != "1")
        throw InputError("--replications: expected --repeats, which says how often is measured");
    require_frozen(options, options.against);
    std::vector<Gate> gates = parse_gates(options.gates);
    const std::vector<Options> asked = studies_asked(options);
    require_distinct(
        {{"--csv", options.csv}, {"--plot", options.plot}, {"--trace", options.trace}});
    const auto csv = open_if_asked(options.csv);
    const auto plot = open_if_asked(options.plot);
    std::vector<Sides> sides;
    for (const Options& study : asked) sides.push_back(resolve_sides(study, console));

    Validation validation;
    Progress progress(console);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const std::string what = text("study {} of {}: run", i + 1, asked.size());
        validation.studies.push_back(conduct(
            request_for(asked[i], sides[i]),
            [&](std::int64_t done, std::int64_t total) { progress.update(what, done, total); }));
        Study& study = validation.studies.back();
        if (study.interrupted) break;
        if (options.frozen && study.reference.compared())
            study.frozen =
                frozen_reference(asked[i], sides[i].measured, study.reference.measured.front());
    }
    validation.assessment = assess(validation.studies);
    const bool compared = !validation.assessment.points.empty();
    // An emulation has every effect that the simulation has.
    if (compared && options.against != "emu") validation.ablations = ablate(validation.assessment);
    validation.gates = std::move(gates);
    judge(validation.gates, validation.assessment);
    write_if_asked(csv, validation_csv(validation));
    if (compared) write_if_asked(plot, draw_validation(validation.assessment));
    const bool interrupted = validation.studies.back().interrupted;
    if (!options.trace.empty() && !interrupted)
        write_trace(asked.front(), sides.front(), validation.studies.front(), console);
    console.out << (options.json ? validation_json(validation) : validation_report(validation));
    return interrupted ? exit_interrupted : code_of(validation);
}

}  // namespace swaplab
