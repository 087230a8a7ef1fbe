#include <memory>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/cli/progress.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/common.h"
#include "experiments/emulation.h"
#include "experiments/pace_check.h"
#include "experiments/plot/comparison_plot.h"
#include "experiments/report/comparison_csv.h"
#include "experiments/report/comparison_table.h"
#include "experiments/report/figures.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// All policies that plan these models with this swap path; those that do not are left out, with a
// note, because nobody asked for them by name.
std::vector<std::string> all_policies(const Scenario& scenario, const Console& console) {
    std::vector<std::string> specs;
    for (const PolicyInfo& info : registry()) {
        try {
            if (make_policy(info.name).needs_budget)
                minimum_budget(
                    request_of(scenario, std::nullopt),
                    make_policy(info.name, scenario.path, scenario.platform.memory_kind));
            specs.emplace_back(info.name);
        } catch (const InputError& error) {
            console.note(text("left out: {}", error.what()));
        }
    }
    return specs;
}

std::unique_ptr<OutputFile> open_if_asked(const std::string& path) {
    return path.empty() ? nullptr : std::make_unique<OutputFile>(path);
}

void write_if_asked(const std::unique_ptr<OutputFile>& file, const std::string& content) {
    if (!file) return;
    file->stream() << content;
    file->commit();
}

// Found out before the runs: energies need power figures.
void check_metric(Metric metric, const Platform& platform) {
    if (metric != Metric::energy) return;
    for (const Node& node : platform.nodes)
        if (!node.power)
            throw InputError(
                text("--metric energy: device '{}' has no 'power' in its file, "
                     "expected idle_w, execute_w, read_j_per_byte, dram_j_per_byte",
                     platform.name));
}

// How many runs are invalid, and what is to be done about the worst; empty if none is.
std::string late_cells(const Comparison& comparison, const LatenessBound& bound) {
    std::int64_t judged = 0;
    std::int64_t late = 0;
    std::optional<PaceVerdict> worst;
    for (const RunResult* cell : comparison.results()) {
        const std::optional<PaceVerdict> pace = judge_pace(*cell, bound);
        judged += pace.has_value();
        if (!pace || pace->valid()) continue;
        ++late;
        if (!worst || pace->advised_scale > worst->advised_scale) worst = pace;
    }
    if (late == 0) return {};
    return text("{} of {} are invalid; in the worst {}; {}", late, plural(judged, "run"),
                worst->problem, worst->advice());
}

int code_of(const Comparison& comparison) {
    if (comparison.interrupted) return exit_interrupted;
    if (comparison.any_feasible()) return exit_ok;
    return comparison.any_stuck() ? exit_failed : exit_infeasible;
}

}  // namespace

int compare_command(const Options& options, const Console& console) {
    const Metric metric = metric_named(options.metric);
    Scenario scenario = resolve_scenario(options);
    require_emulated(options, scenario.backend);
    check_metric(metric, scenario.platform);
    const auto csv = open_if_asked(options.csv);
    if (!options.csv.empty() && options.csv == options.plot)
        throw InputError(text("--csv and --plot name the same file, {}", options.csv));
    const auto plot = open_if_asked(options.plot);
    ComparisonRequest request{scenario, options.policies, parse_budgets(options.budgets),
                              plot != nullptr};
    if (request.policies.empty()) request.policies = all_policies(scenario, console);
    if (request.budgets.empty()) {
        request.budgets = default_budgets();
    }

    note_missing_noise(console, scenario);
    prepare_emulation(scenario, options, console);
    Progress progress(console);
    const Comparison comparison = compare(request, [&](std::int64_t done, std::int64_t total) {
        progress.update("comparing: cell", done, total);
    });
    if (options.budgets.empty() && !comparison.policies.empty())
        console.note("no -b: compared 0.2x to 1.0x of the parameters in steps of 0.1x");
    note_large_budget(console, scenario, comparison.budgets.back().bytes);

    const Certificate certificate(scenario);
    if (csv) write_if_asked(csv, comparison_csv(comparison, certificate));
    if (plot) write_if_asked(plot, draw(comparison_chart(comparison, scenario)));
    console.out << (options.json ? comparison_json(comparison, certificate)
                                 : comparison_table(comparison, scenario, metric, console));
    if (const auto late = late_cells(comparison, scenario.lateness); !late.empty()) {
        console.err << "swaplab: " << late << '\n';
        if (!comparison.interrupted) return exit_failed;
    }
    return code_of(comparison);
}

}  // namespace swaplab
