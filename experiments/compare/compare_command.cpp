#include <algorithm>
#include <memory>

#include "experiments/compare/comparison_csv.h"
#include "experiments/compare/comparison_plot.h"
#include "experiments/compare/comparison_table.h"
#include "experiments/draw/svg.h"
#include "experiments/emulate/emulation.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/output/output_file.h"
#include "experiments/run/notes.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/scenario_flags.h"
#include "experiments/text/figures.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    Experiment asked;
    BackendSetup hardware;
    EmulationOptions emulation;
    Metric metric = Metric::latency;
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

// Found out before the runs: energies need power figures.
void check_metric(Metric metric, const Platform& platform) {
    if (metric != Metric::energy) return;
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

std::string drawing_of(const std::vector<Comparison>& comparisons) {
    std::vector<std::string> drawings;
    for (const Comparison& comparison : comparisons)
        drawings.push_back(draw(comparison_chart(comparison)));
    if (drawings.size() == 1) return drawings.front();
    return stacked(drawings, kChartWidth, kChartHeight, "Latency against budget");
}

std::string tables_of(const std::vector<Comparison>& comparisons, Metric metric,
                      const Console& console) {
    std::string tables;
    for (const Comparison& comparison : comparisons) {
        if (!tables.empty()) tables += '\n';
        tables += comparison_table(comparison, metric, console);
    }
    return tables;
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
               "what the table shows: latency (default), slowdown, peak or energy",
               into(options.metric, metric_named));
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

// The scenarios one after the other; each kept where it is, since comparisons borrow it.
std::vector<Comparison> compare_all(const std::vector<Scenario>& scenarios, const Options& options,
                                    bool with_minima, const Console& console) {
    std::vector<Comparison> comparisons;
    for (const Scenario& scenario : scenarios) {
        std::vector<PolicyChoice> policies = options.asked.policies;
        if (policies.empty()) policies = all_policies(scenario, console);
        std::vector<BudgetChoice> budgets = options.asked.budgets;
        if (budgets.empty()) budgets = default_budgets();
        note_missing_noise(console, scenario);
        const Testbed testbed = testbed_for(scenario, options.hardware, options.emulation, console);
        Progress progress(console);
        const std::string what = scenarios.size() == 1
                                     ? "comparing: cell"
                                     : text("comparing on {}: cell", scenario.device_text());
        comparisons.push_back(compare(
            {.scenario = scenario,
             .testbed = testbed,
             .policies = std::move(policies),
             .budgets = std::move(budgets),
             .with_minima = with_minima},
            [&](std::int64_t done, std::int64_t total) { progress.update(what, done, total); }));
        if (comparisons.back().interrupted) break;
    }
    return comparisons;
}

void write_all(const std::vector<Comparison>& comparisons, const std::unique_ptr<OutputFile>& csv,
               const std::unique_ptr<OutputFile>& plot, const Options& options,
               const Console& console) {
    if (csv) write_if_asked(csv, comparison_csv(comparisons));
    if (plot) write_if_asked(plot, drawing_of(comparisons));
    console.out << (console.json
                        ? comparison_json(comparisons, console.command_line, options.schema)
                        : tables_of(comparisons, options.metric, console));
}

void check_files(const Options& options, const Console& console) {
    check_outputs(console, inputs_of(options.asked),
                  {{"--csv", options.csv}, {"--plot", options.plot}}, options.clean);
    require_ending({"--csv", options.csv}, ".csv");
    require_ending({"--plot", options.plot}, ".svg");
}

int run_compare(const Options& options, const Console& console) {
    check_files(options, console);
    std::vector<Scenario> scenarios = scenarios_of(options.asked);
    require_emulated(options.emulation, *options.asked.backend);
    for (Scenario& scenario : scenarios) {
        scenario.lateness = options.emulation.lateness;
        check_metric(options.metric, scenario.device.platform);
    }
    note_shadowed(console, options.asked);
    const auto csv = open_if_asked(options.csv);
    const auto plot = open_if_asked(options.plot);
    const std::vector<Comparison> comparisons =
        compare_all(scenarios, options, plot != nullptr, console);
    if (options.asked.budgets.empty() && !comparisons.front().policies.empty())
        console.note("no -b: compared 0.2x to 1.0x of the parameters in steps of 0.1x");
    for (const Comparison& comparison : comparisons)
        note_large_budget(console, *comparison.scenario, comparison.budgets.back().bytes);
    write_all(comparisons, csv, plot, options, console);
    const std::string late = late_cells(comparisons);
    if (!late.empty()) console.err << "swaplab: " << late << '\n';
    const int code = code_of(comparisons);
    return late.empty() || code == exit_interrupted ? code : int{exit_failed};
}

}  // namespace

CliCommand compare_command() { return {kText, declare, run_compare}; }

}  // namespace swaplab
