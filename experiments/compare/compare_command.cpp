#include <algorithm>
#include <memory>

#include "experiments/compare/comparison_csv.h"
#include "experiments/compare/comparison_plot.h"
#include "experiments/compare/comparison_table.h"
#include "experiments/compare/knee.h"
#include "experiments/compare/what_if.h"
#include "experiments/emulate/emulation.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/output/output_file.h"
#include "experiments/run/notes.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/scenario_flags.h"
#include "experiments/shell/values.h"
#include "experiments/text/figures.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    Experiment asked;
    BackendSetup hardware;
    EmulationOptions emulation;
    Metric metric = latency_metric();
    std::optional<double> precision;  // of every mean, as a share of it
    std::optional<double> knee;       // likewise, of the best
    std::vector<Wish> wishes;
    ResultSchema schema = ResultSchema::second;
    std::string csv, plot;  // files to write; empty: none
    bool clean = false;
};

// Throws `InputError` or `UnsupportedError` where the policy cannot be run in this scenario.
void try_policy(const PolicyChoice& choice, const Scenario& scenario) {
    if (!choice.needs_budget) return;
    const Policy policy = policy_for(choice, scenario);
    minimum_budget(planning_request_of(scenario), policy);
    if (!scenario.workload.budget_changes.empty())
        static_cast<void>(lookup_tables(planning_request_of(scenario), policy));
}

// All policies that plan these models in this scenario; those that do not are left out, with a
// note, because nobody asked for them by name.
std::vector<PolicyChoice> all_policies(const Scenario& scenario, const Console& console) {
    std::vector<PolicyChoice> policies;
    for (const PolicyInfo& info : registry()) {
        const PolicyChoice choice = choose_policy(info.name);
        try {
            try_policy(choice, scenario);
            policies.push_back(choice);
        } catch (const InputError& error) {  // names the policy
            console.note(text("left out: {}", error.what()));
        } catch (const UnsupportedError& error) {
            console.note(text("left out: policy {}: {}", info.name, error.what()));
        }
    }
    return policies;
}

// How many runs are invalid, and what is to be done about the worst; empty if none is.
std::string late_cells(const std::vector<Comparison>& comparisons) {
    std::int64_t judged = 0;
    std::int64_t late = 0;
    std::optional<PaceVerdict> worst;
    for (const Comparison& comparison : comparisons)
        for (const auto& [cell, policy] : comparison.results()) {
            const std::optional<PaceVerdict> pace =
                judge_pace(*cell, comparison.scenario->lateness);
            judged += pace.has_value();
            if (!pace || pace->valid()) continue;
            ++late;
            if (!worst || pace->advised_scale > worst->advised_scale) worst = pace;
        }
    if (late == 0) return {};
    return text("{} of {} are invalid; in the worst {}; {}", late, plural(judged, "run"),
                worst->problem, worst->advice());
}

int code_of(const std::vector<Comparison>& comparisons) {
    const auto any = [&](auto what) { return std::ranges::any_of(comparisons, what); };
    if (any(&Comparison::interrupted)) return exit_interrupted;
    if (any(&Comparison::any_feasible)) return exit_ok;
    return any(&Comparison::any_failed) ? exit_failed : exit_infeasible;
}

constexpr CommandText kText{
    "compare", "policies x budgets: a table, a CSV file, a plot",
    "-m MODEL... -d DEVICE... [-p POLICY]... [-b B1,B2,...]",
    "Without -p all policies, without -b the budgets 0.2x, 0.3x ... 1.0x. The policy direct needs "
    "no budget and is shown as the full-memory line. Of several -d each has a table of its own.",
    "swaplab compare -m vgg19 -d jetson-xavier-nx\n"
    "swaplab compare -m resnet101 -d jetson-xavier-nx -p swapnet -p load-all \\\n"
    "    -b min,0.3x,0.5x --csv resnet101.csv --plot resnet101.svg\n"
    "swaplab compare -m vgg19 -d jetson-xavier-nx -d jetson-orin-nano -b 0.8x,1.0x"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup output = FlagGroup::output;
    declare_scenario(flags, options.asked);
    declare_backend(flags, options.asked);
    declare_policies(flags, options.asked, "give it several times (default: all policies)",
                     " (default 0.2x to 1.0x in steps of 0.1x)");
    flags.once(output, "--metric", "METRIC",
               text("what the table shows, and what is best: {}", metric_names()),
               into(options.metric, metric_named));
    flags.once(FlagGroup::how, "--precision", "SHARE",
               "as many replications as bring every mean to within it (1%), at 95 %",
               into(options.precision,
                    [](const std::string& given) { return parse_share("--precision", given); }));
    flags.once(
        output, "--knee", "SHARE",
        "instead of a table: where each policy begins to fit, where it is within the share "
        "(1%) of its best, where it jumps; by bisection",
        into(options.knee, [](const std::string& given) { return parse_share("--knee", given); }));
    flags.once(output, "--what-if", "WISHES",
               "read=2x,execute=2x,budget=+64MiB: what each would change for the best policy",
               into(options.wishes, parse_wishes));
    flags.once(output, "--csv", "FILE", "one row per cell, all metrics in base units",
               into(options.csv));
    flags.once(output, "--plot", "FILE", "latency against budget, as SVG", into(options.plot));
    flags.once(output, "--schema", "N", kSchemaHelp, into(options.schema, result_schema_named));
    declare_clean(flags, options.clean);
    declare_workload(flags, options.asked);
    declare_hardware(flags, options.hardware);
    declare_emulation(flags, options.emulation);
    declare_verify(flags, options.hardware);
}

std::vector<PolicyChoice> policies_of(const Options& options, const Scenario& scenario,
                                      const Console& console) {
    return options.asked.policies.empty() ? all_policies(scenario, console)
                                          : options.asked.policies;
}

// One comparison, with as many replications as its scenario has.
Comparison compare_one(const Scenario& scenario, const Testbed& testbed, const Options& options,
                       const std::vector<PolicyChoice>& policies, bool with_minima,
                       const std::string& what, const Console& console) {
    std::vector<BudgetChoice> budgets = options.asked.budgets;
    if (budgets.empty()) budgets = default_budgets();
    Progress progress(console);
    return compare(
        {.scenario = scenario,
         .testbed = testbed,
         .policies = policies,
         .budgets = std::move(budgets),
         .with_minima = with_minima},
        [&](std::int64_t done, std::int64_t total) { progress.update(what, done, total); });
}

// As many replications as `--precision` asks for, with a note of how many that is.
void choose_replications(Scenario& scenario, const Testbed& testbed, const Options& options,
                         const std::vector<PolicyChoice>& policies, const Console& console) {
    const std::optional<std::int64_t> needed = replications_for_precision(
        scenario, options.metric, *options.precision, kMostRepeats, [&](const Scenario& tried) {
            return compare_one(tried, testbed, options, policies, false,
                               "choosing replications: cell", console);
        });
    if (!needed) return;  // somebody asked for its end
    scenario.replications = std::min(*needed, kMostRepeats);
    const std::string share = percent(*options.precision);
    console.note(*needed > kMostRepeats
                     ? text("--precision {}: {} replications would be needed, {} are run", share,
                            *needed, kMostRepeats)
                     : text("{} replications bring every mean to within {} (95 %)", *needed, share));
}

// The scenarios one after the other; each kept where it is, since comparisons borrow it.
std::vector<Comparison> compare_all(std::vector<Scenario>& scenarios, const Options& options,
                                    bool with_minima, const Console& console,
                                    std::string& answers) {
    std::vector<Comparison> comparisons;
    for (Scenario& scenario : scenarios) {
        const std::vector<PolicyChoice> policies = policies_of(options, scenario, console);
        note_missing_noise(console, scenario);
        const Testbed testbed = testbed_for(scenario, options.hardware, options.emulation, console);
        if (options.precision && is_random(scenario))
            choose_replications(scenario, testbed, options, policies, console);
        const std::string what = scenarios.size() == 1
                                     ? "comparing: cell"
                                     : text("comparing on {}: cell", scenario.device_text());
        comparisons.push_back(
            compare_one(scenario, testbed, options, policies, with_minima, what, console));
        if (comparisons.back().interrupted) break;
        if (!options.wishes.empty())
            answers +=
                '\n' + what_if_report(comparisons.back(), options.metric, options.wishes, testbed);
    }
    return comparisons;
}

void write_all(const std::vector<Comparison>& comparisons, const std::unique_ptr<OutputFile>& csv,
               const std::unique_ptr<OutputFile>& plot, const Options& options,
               const std::string& answers, const Console& console) {
    if (csv) write_if_asked(csv, comparison_csv(comparisons));
    if (plot) write_if_asked(plot, comparison_drawing(comparisons));
    if (console.json)
        console.out << comparison_json(comparisons, console.command_line, options.schema,
                                       options.metric);
    else
        console.out << comparison_tables(comparisons, options.metric, console) << answers;
}

// `swaplab/knee/1`.
int run_knee(const std::vector<Scenario>& scenarios, const Options& options,
             const Console& console) {
    if (!options.asked.budgets.empty() || !options.csv.empty() || !options.plot.empty() ||
        !options.wishes.empty())
        throw InputError("--knee looks for budgets itself: leave out -b, --csv, --plot, --what-if");
    if (options.metric->name == "hit-rate")
        throw InputError("--knee looks for what falls with memory: expected another --metric");
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/knee/1").key("knees").begin_array();
    std::string report;
    bool any = false;
    for (const Scenario& scenario : scenarios) {
        const std::vector<PolicyChoice> policies = policies_of(options, scenario, console);
        const Testbed testbed = testbed_for(scenario, options.hardware, options.emulation, console);
        const KneeRequest request{scenario, testbed, policies, options.metric, *options.knee};
        const std::vector<Knee> knees = knees_of(request);
        for (const Knee& knee : knees) any = any || knee.refusal.empty();
        write_knees(json, knees, request);
        report += (report.empty() ? "" : "\n") + knee_report(knees, request);
    }
    json.end_array().end_object();
    console.out << (console.json ? json.str() + '\n' : report);
    return any ? exit_ok : exit_failed;
}

void check_files(const Options& options, const Console& console) {
    check_outputs(console, inputs_of(options.asked),
                  {{"--csv", options.csv}, {"--plot", options.plot}}, options.clean);
    require_ending({"--csv", options.csv}, ".csv");
    require_ending({"--plot", options.plot}, ".svg");
}

int run_compare(const Options& options, const Console& console) {
    check_files(options, console);
    Experiment asked = options.asked;
    asked.noise = asked.noise || options.precision;
    if (options.precision && asked.replications)
        throw InputError("--precision chooses the replications: leave out --replications");
    std::vector<Scenario> scenarios = scenarios_of(asked);
    require_emulated(options.emulation, *options.asked.backend);
    for (Scenario& scenario : scenarios) {
        scenario.lateness = options.emulation.lateness;
        require_metric(options.metric, scenario);
    }
    note_shadowed(console, options.asked);
    if (options.knee) return run_knee(scenarios, options, console);
    const auto csv = open_if_asked(options.csv);
    const auto plot = open_if_asked(options.plot);
    std::string answers;
    const std::vector<Comparison> comparisons =
        compare_all(scenarios, options, plot != nullptr, console, answers);
    if (options.asked.budgets.empty() && !comparisons.front().policies.empty())
        console.note("no -b: compared 0.2x to 1.0x of the parameters in steps of 0.1x");
    for (const Comparison& comparison : comparisons)
        note_large_budget(console, *comparison.scenario, comparison.budgets.back().bytes);
    write_all(comparisons, csv, plot, options, answers, console);
    const std::string late = late_cells(comparisons);
    if (!late.empty()) console.err << "swaplab: " << late << '\n';
    const int code = code_of(comparisons);
    return late.empty() || code == exit_interrupted ? code : int{exit_failed};
}

}  // namespace

CliCommand compare_command() { return {kText, declare, run_compare}; }

}  // namespace swaplab
