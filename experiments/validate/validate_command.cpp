#include <algorithm>
#include <memory>

#include "experiments/emulate/emulation.h"
#include "experiments/output/output_file.h"
#include "experiments/request/experiment_file.h"
#include "experiments/run/frozen_reference.h"
#include "experiments/run/notes.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/scenario_flags.h"
#include "experiments/shell/values.h"
#include "experiments/trace/trace_file.h"
#include "experiments/validate/validation_plot.h"
#include "experiments/validate/validation_report.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::int64_t kUsualRepeats = 5;

struct Options {
    Experiment asked;
    std::string experiment;  // a file, instead of what it says
    bool together = false;
    BackendSetup hardware;
    EmulationOptions emulation;
    bool frozen = false;
    const Backend* against = nullptr;
    std::optional<std::int64_t> repeats;
    std::vector<Gate> gates;
    std::string csv, plot, trace;  // files to write; empty: none
    bool clean = false;
};

// An experiment says what is run: nothing of it may be said twice.
void require_nothing_beside(const std::string& file, const Experiment& flags, bool together) {
    const std::vector<std::pair<const char*, bool>> given{
        {"-m", !flags.models.empty()},
        {"-d", !flags.devices.empty()},
        {"-p", !flags.policies.empty()},
        {"-b", !flags.budgets.empty()},
        {"--together", together},
        {"--requests, --mode, --arrivals, --budget-trace and --mode-trace",
         !flags.workloads.empty()},
        {"--dispatch", !flags.dispatches.empty()},
        {"--noise", flags.noise},
        {"--seed", !flags.seeds.empty()},
    };
    for (const auto& [flag, present] : given)
        if (present)
            throw InputError(
                text("the experiment {} says what is run: leave out {} (in the environment, too)",
                     file, flag));
}

Experiment asked_for(const Options& options) {
    Experiment asked = options.asked;
    asked.together = options.together;
    if (!options.experiment.empty()) {
        require_nothing_beside(options.experiment, options.asked, options.together);
        asked = load_experiment(options.experiment);
        asked.account = options.asked.account;
        asked.path = options.asked.path;
    }
    return asked;
}

// An experiment's replications are the repeats, unless the command line says how many.
std::int64_t repeats_of(const Options& options, const Experiment& asked) {
    return options.repeats.value_or(asked.replications.value_or(kUsualRepeats));
}

void require_configurations(const Experiment& asked) {
    if (asked.policies.empty())
        throw InputError("a policy is needed: -p NAME[:key=value,...], once or more");
    if (std::ranges::any_of(asked.policies, &PolicyChoice::needs_budget) && asked.budgets.empty())
        throw InputError("a budget is needed: -b 0.3x,0.5x,1.0x");
}

// What is simulated and measured.
struct Subject {
    Scenario scenario;
    Testbed measured;
};

bool same_models(const Scenario& a, const Scenario& b) {
    return std::ranges::equal(a.models, b.models, {}, &ModelChoice::model, &ModelChoice::model);
}

// Each backend may refuse a scenario. Those of one device and the same models are measured on one
// testbed, at one pace.
Subject subject_of(const Scenario& scenario, const std::vector<Subject>& before,
                   const Options& options, const Console& console) {
    Scenario measured = scenario;
    measured.backend = options.against;
    require_possible(measured);
    for (const Subject& other : before)
        if (other.scenario.device.spec == scenario.device.spec &&
            same_models(other.scenario, scenario))
            return {scenario, other.measured};
    return {scenario, testbed_for(measured, options.hardware, options.emulation, console)};
}

std::vector<Subject> subjects_of(const Experiment& asked, const Options& options,
                                 const Console& console) {
    Experiment once = asked;
    once.replications.reset();  // repeats are asked for otherwise
    std::vector<Subject> subjects;
    for (Scenario& scenario : scenarios_of(once)) {
        scenario.lateness = options.emulation.lateness;
        subjects.push_back(subject_of(scenario, subjects, options, console));
    }
    return subjects;
}

// The first configuration that runs, once more on both sides, in one timeline.
void write_trace(const Options& options, const Subject& subject, const Study& study,
                 const Console& console) {
    const auto ran = std::ranges::find_if(study.configurations, &Configuration::compared);
    if (ran == study.configurations.end()) return;
    const Scenario& scenario = subject.scenario;
    const std::string other = options.against == &simulation() ? std::string("simulated again")
                                                               : std::string(options.against->kind);
    TraceFile trace(
        options.trace, {},
        text("{} on {}: {}", scenario.models_text(), scenario.device_text(), ran->policy.spec),
        text("budget {}, simulated above, {} below", ran->budget.text, other));
    const Policy policy = policy_for(ran->policy, scenario);
    for (const bool simulated : {true, false}) {
        TimelineObserver& observer = trace.add_run(simulated ? "simulated" : other);
        Testbed testbed = simulated ? simulated_testbed() : subject.measured;
        testbed.stop = nullptr;
        RunRequest asked = request_of(scenario, testbed, ran->bytes, &observer);
        if (simulated) asked.noise.reset();
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

void conduct_all(Validation& validation, const Experiment& asked,
                 const std::vector<Subject>& subjects, const Options& options,
                 const Console& console) {
    Progress progress(console);
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        const Subject& subject = subjects[i];
        const std::string what = text("study {} of {}: run", i + 1, subjects.size());
        validation.studies.push_back(conduct(
            {.scenario = subject.scenario,
             .policies = asked.policies,
             .budgets = asked.budgets,
             .against = *options.against,
             .measured = subject.measured,
             .repeats = repeats_of(options, asked)},
            [&](std::int64_t done, std::int64_t total) { progress.update(what, done, total); }));
        Study& study = validation.studies.back();
        if (study.interrupted) break;
        if (options.frozen && study.reference.compared())
            study.frozen = frozen_reference(subject.scenario, options.hardware.threads,
                                            study.reference.measured.front());
    }
}

constexpr CommandText kText{
    "validate", "simulation against emulation or measurement: errors, gates",
    "-m MODEL... -d DEVICE... -p POLICY... -b B1,B2,... | EXPERIMENT.yaml",
    "Simulates every configuration once and measures it several times with --against, "
    "interleaved, with direct beside it as the reference. Prints per configuration what was "
    "predicted and measured, and over all of them the errors, whether policies rank alike, and "
    "what each modelled effect contributes. Exit code 4 if a gate that was asked for is missed. "
    "Against emu, whose bytes and decisions have to be those of the simulation, it says whether "
    "they are; a run that was late is done again, five times at most, and slower where no "
    "--time-scale is given (column pace).",
    "swaplab validate -m vit/ -d machine.json -p swapnet -p on-demand \\\n"
    "    -b 0.3x,0.5x,1.0x --against cpu --repeats 7 \\\n"
    "    --gate median=3%,p95=7%,tau=0.95 --plot vit.svg\n"
    "swaplab validate experiments/emulation.yaml --against emu \\\n"
    "    --gate worst=1%,bytes=1,order=1\n"
    "swaplab validate study.yaml --against cpu --csv study.csv --json"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup how = FlagGroup::how;
    constexpr FlagGroup output = FlagGroup::output;
    declare_scenario(flags, options.asked);
    flags.argument("experiment", into(options.experiment));
    declare_policies(flags, options.asked, "once or more", "");
    flags.on(FlagGroup::what, "--together",
             "all -m run at once; else each is a study of its own, one after the other",
             options.together);
    flags.once(how, "--against", "BACKEND", text("what is measured: {}", measuring_backends_help()),
               into(options.against, [](const std::string& name) { return &backend_named(name); }));
    flags.once(how, "--repeats", "N",
               "measured runs of each configuration, interleaved (default 5), after one round that "
               "is not recorded",
               into(options.repeats, [](const std::string& given) {
                   return parse_whole("--repeats", 1, given, kMostRepeats);
               }));
    flags.once(
        how, "--gate", "GATES",
        "exit with 4 if one is missed, of median=3%,p95=7% (error of latency), "
        "overhead=1.5 and overhead-p95=4 (points), tau=0.95, regret=1%, skill=0.7, floor=2, "
        "noisy=10% (configurations that vary more than 3 %), peak=1%, reads=1%, outputs=1 "
        "(the share that is equal), memory=1 (the share within the budget), worst=1% (error of "
        "latency), bytes=1 and order=1 (the share with exactly the same bytes, and decisions "
        "and completions in the same order, as in simulation)",
        into(options.gates, parse_gates));
    flags.once(output, "--csv", "FILE", "one row per configuration and repeat", into(options.csv));
    flags.once(output, "--plot", "FILE", "predicted against measured, as SVG", into(options.plot));
    flags.once(output, "--trace", "FILE",
               "the first configuration's simulation and measurement in one timeline: .pftrace, "
               ".json or .svg",
               into(options.trace));
    declare_clean(flags, options.clean);
    declare_workload(flags, options.asked);
    declare_hardware(flags, options.hardware);
    declare_emulation(flags, options.emulation);
    declare_frozen(flags, options.frozen);
    declare_verify(flags, options.hardware);
}

void check_files(const Options& options, const Experiment& asked, const Console& console) {
    std::vector<NamedFile> inputs = inputs_of(asked);
    inputs.emplace_back("the experiment", options.experiment);
    check_outputs(console, inputs,
                  {{"--csv", options.csv}, {"--plot", options.plot}, {"--trace", options.trace}},
                  options.clean);
    require_ending({"--csv", options.csv}, ".csv");
    require_ending({"--plot", options.plot}, ".svg");
    // A file that cannot be written is refused before anything is measured.
    if (!options.trace.empty()) TraceFile(options.trace, {}, "", "");
}

int run_validate(const Options& options, const Console& console) {
    if (options.against == nullptr)
        throw InputError(text("what is measured? --against {}", measuring_backend_names()));
    if (options.asked.replications.value_or(1) != 1)
        throw InputError("--replications: expected --repeats, which says how often is measured");
    if (options.frozen) require_frozen_reference(*options.against);
    const Experiment asked = asked_for(options);
    require_configurations(asked);
    note_shadowed(console, asked);
    check_files(options, asked, console);
    const auto csv = open_if_asked(options.csv);
    const auto plot = open_if_asked(options.plot);
    const std::vector<Subject> subjects = subjects_of(asked, options, console);

    Validation validation;
    validation.command_line = console.command_line;
    conduct_all(validation, asked, subjects, options, console);
    validation.assessment = assess(validation.studies);
    const bool compared = !validation.assessment.points.empty();
    // An emulation has every effect that the simulation has.
    if (compared && !options.against->keeps_a_pace)
        validation.ablations = ablate(validation.assessment);
    validation.gates = options.gates.empty() ? parse_gates("") : options.gates;
    judge(validation.gates, validation.assessment);
    write_if_asked(csv, validation_csv(validation));
    if (compared) write_if_asked(plot, draw_validation(validation.assessment));
    const bool interrupted = validation.studies.back().interrupted;
    if (!options.trace.empty() && !interrupted)
        write_trace(options, subjects.front(), validation.studies.front(), console);
    console.out << (console.json ? validation_json(validation) : validation_report(validation));
    return interrupted ? exit_interrupted : code_of(validation);
}

}  // namespace

CliCommand validate_command() { return {kText, declare, run_validate}; }

}  // namespace swaplab
