#include "experiments/validate/validation_report.h"

#include <algorithm>
#include <cmath>

#include "experiments/request/backends.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 98;

std::string percent2(double share) { return text("{:.2f}", 100 * share); }
std::string signed_percent(double share) { return text("{:+.2f}", 100 * share); }

// Too many parameters for a column are shown without their names: "NAME:VALUE".
std::string short_policy(const std::string& spec) {
    constexpr std::size_t most = 26;
    if (display_width(spec) <= most) return spec;
    std::string values;
    bool named = false;
    for (const char c : spec) {
        if (c == ':' || c == ',') named = true;
        if (!named || c == ':' || c == ',') values += c;
        if (c == '=') named = false;
    }
    return display_width(values) <= most ? values : text("{}...", values.substr(0, most - 3));
}

std::string heading(const Study& study) {
    const Configuration& direct = study.reference;
    std::string line =
        text("{} on {}, {}: simulated against {} ({})", study.scenario->models_text(),
             study.scenario->device_text(), study.scenario->workload_text(), study.against->name,
             study.against->kind);
    if (!direct.compared()) return line + "\n  direct: " + direct.failure + "\n";
    line += text("\n  direct: predicted {}, {} {}, error {} %\n",
                 format_duration(direct.predicted.latency.mean), study.against->kind,
                 format_duration(Duration{static_cast<std::int64_t>(direct.measured_median_ns())}),
                 signed_percent(direct.predicted_ns() / direct.measured_median_ns() - 1));
    if (study.frozen) {
        const Duration measured{static_cast<std::int64_t>(direct.measured_median_ns())};
        line += "  " +
                wrap(text("direct takes {}", frozen_text(*study.frozen, measured)), kWidth, 4, 2) +
                '\n';
    }
    return line;
}

// Why a configuration has no figures; empty if it has.
std::string without_figures(const Configuration& configuration) {
    if (configuration.predicted.verdict == Verdict::infeasible) return "infeasible";
    if (is_stuck(configuration.predicted.verdict)) return "stuck in simulation";
    if (!configuration.failure.empty()) return "failed: see below";
    return configuration.compared() ? "" : "not measured";
}

std::string equal_text(bool equal) { return equal ? "equal" : "DIFFER"; }

// An emulation has to be what was simulated, so that is what its table says.
std::vector<std::string> emulated_cells(const Point& point, const TimeUnit& unit) {
    constexpr double near = 0.01;
    const auto in = [&](double ns) {
        return in_unit(Duration{static_cast<std::int64_t>(ns)}, unit);
    };
    const bool agrees = std::abs(point.error) <= near && point.same_bytes && point.same_order;
    return {in(point.predicted_ns),
            in(point.measured_ns),
            signed_percent(point.error),
            percent2(point.cv),
            point.lateness ? percent2(*point.lateness) : "-",
            point.time_scale ? significant(*point.time_scale) : "-",
            equal_text(point.same_bytes),
            equal_text(point.same_order),
            agrees ? "agrees" : "DIFFERS"};
}

std::string emulation_table(const Assessment& assessment, const Study& study) {
    const TimeUnit unit = time_unit_for(study.reference.predicted.latency.mean);
    TextTable table;
    table.add_column({"policy"}, Align::left);
    table.add_column({"budget"});
    table.add_column({"simulated", std::string(unit.name)});
    table.add_column({"emulated", std::string(unit.name)});
    table.add_column({"error", "%"});
    table.add_column({"cv", "%"});
    table.add_column({"lateness", "%"});
    table.add_column({"pace", "x"});
    table.add_column({"bytes"});
    table.add_column({"order"});
    table.add_column({""}, Align::left);
    const auto add = [&](const Configuration& configuration, const std::vector<Point>& points) {
        std::vector<std::string> cells{short_policy(configuration.policy.spec),
                                       configuration.budget.text};
        const auto point = std::ranges::find(points, &configuration, &Point::configuration);
        if (point == points.end())
            cells.push_back(without_figures(configuration));
        else
            for (std::string& cell : emulated_cells(*point, unit)) cells.push_back(std::move(cell));
        table.add_row(std::move(cells));
    };
    add(study.reference, assessment.references);
    for (const Configuration& configuration : study.configurations)
        add(configuration, assessment.points);
    return table.str(2) + '\n';
}

// Nothing of a study that came to its end.
std::string interrupted_line(const Study& study) {
    if (!study.interrupted) return {};
    return text("  interrupted: {} complete\n",
                plural(std::ssize(study.reference.measured), "round"));
}

// "at 2.5x the device's time; 3 runs were late and done again"
std::string pace_line(const Assessment& assessment, const Study& study) {
    const auto reference = std::ranges::find(assessment.references, &study, &Point::study);
    if (reference == assessment.references.end() || !reference->time_scale) return {};
    std::int64_t late = study.reference.late;
    for (const Configuration& configuration : study.configurations) late += configuration.late;
    std::string line =
        text("  at {} the device's time, {} of each emulated", times(*reference->time_scale),
             plural(std::ssize(study.reference.measured), "run"));
    if (late > 0) line += text("; {} too late and done again", plural(late, "more run"));
    return line + "\n";
}

std::vector<const Point*> points_of(const Assessment& assessment, const Study& study) {
    std::vector<const Point*> points;
    for (const Point& point : assessment.points)
        if (point.study == &study) points.push_back(&point);
    return points;
}

std::string time_table(const Assessment& assessment, const Study& study) {
    const std::vector<const Point*> points = points_of(assessment, study);
    if (points.empty() && study.configurations.empty()) return {};
    const TimeUnit unit = time_unit_for(study.reference.predicted.latency.mean);
    TextTable table;
    table.add_column({"policy"}, Align::left);
    table.add_column({"budget"});
    table.add_column({"predicted", std::string(unit.name)});
    table.add_column({"measured", std::string(unit.name)});
    table.add_column({"cv", "%"});
    table.add_column({"error", "%"});
    table.add_column({"overhead", "predicted %"});
    table.add_column({"measured", "%"});
    table.add_column({"error", "points"});
    auto next = points.begin();
    for (const Configuration& configuration : study.configurations) {
        std::vector<std::string> cells{short_policy(configuration.policy.spec),
                                       configuration.budget.text};
        if (next == points.end() || (*next)->configuration != &configuration) {
            cells.push_back(without_figures(configuration));
        } else {
            const Point& point = **next++;
            const auto in = [&](double ns) {
                return in_unit(Duration{static_cast<std::int64_t>(ns)}, unit);
            };
            for (const std::string& cell :
                 {in(point.predicted_ns), in(point.measured_ns), percent2(point.cv),
                  signed_percent(point.error), percent2(point.predicted_overhead),
                  percent2(point.measured_overhead), signed_percent(point.overhead_error())})
                cells.push_back(cell);
        }
        table.add_row(std::move(cells));
    }
    return table.str(2) + '\n';
}

std::string optional_mib(std::optional<Bytes> bytes) { return bytes ? mib(*bytes) : "-"; }

std::string outputs_text(const Point& point) {
    if (!point.outputs_equal) return "-";
    return *point.outputs_equal ? "equal" : "DIFFER";
}

std::string within_text(const Point& point) {
    const auto within = point.within_budget();
    if (!within) return "-";
    return *within ? "yes" : "NO";
}

std::string memory_table(const Assessment& assessment, const Study& study) {
    TextTable table;
    table.add_column({"memory in MiB"}, Align::left);
    table.add_column({"", "budget"});
    table.add_column({"peak", "predicted"});
    table.add_column({"", "accounted"});
    table.add_column({"", "committed"});
    table.add_column({"VmHWM", "growth"});
    table.add_column({"within", "budget"});
    table.add_column({"read /", "swapped in"});
    table.add_column({"outputs"});
    const std::vector<const Point*> points = points_of(assessment, study);
    if (points.empty()) return {};
    for (const Point* point : points)
        table.add_row(
            {short_policy(point->configuration->policy.spec),
             mib(point->configuration->bytes.value_or(Bytes{})), mib(point->predicted_peak),
             mib(point->accounted_peak), optional_mib(point->committed_peak),
             optional_mib(point->resident_growth), within_text(*point),
             point->read_ratio ? text("{:.4f}", *point->read_ratio) : "-", outputs_text(*point)});
    return table.str(2) + '\n';
}

std::string row(std::string_view label, const std::string& body) {
    return definition("  " + std::string(label), body, 22, kWidth);
}

std::string noisy_text(const Assessment& assessment) {
    if (assessment.noisy.empty()) return "no configuration varies more than 3 % between repeats";
    std::vector<std::string> named;
    for (const Point* point : assessment.noisy)
        named.push_back(text("{} at {} ({:.1f} %)", point->configuration->policy.spec,
                             point->configuration->budget.text, 100 * point->cv));
    return text("{} of {} vary more than 3 % between repeats: {}", assessment.noisy.size(),
                assessment.points.size(), join(named, "; "));
}

std::string tau_text(const Assessment& assessment) {
    const std::string rule = text(
        "pairs of policies at equal model and budget that differ beyond noise: the 95 % interval "
        "of their difference, paired by repeat, leaves out 0; {} within noise",
        assessment.pairs_left_out);
    if (!assessment.tau) return "no pairs to rank; " + rule;
    return text("{:.3f} over {} {}", *assessment.tau, assessment.pairs.size(), rule);
}

std::string regret_text(const Assessment& assessment) {
    const Choice* worst = nullptr;
    for (const Choice& choice : assessment.choices)
        if (worst == nullptr || choice.regret > worst->regret) worst = &choice;
    if (worst == nullptr) return "one policy only";
    std::string body = text("at most {} of choosing by simulation, over {}", percent(worst->regret),
                            plural(std::ssize(assessment.choices), "budget"));
    if (worst->regret > 0)
        body += text(" ({} at {}: {} chosen, {} best)", worst->models, worst->budget, worst->chosen,
                     worst->best);
    return body;
}

std::string crossover_rows(const Assessment& assessment) {
    if (assessment.crossovers.empty())
        return row("crossovers", "no two policies change places between two budgets");
    std::string rows =
        row("crossovers", text("{} of {} seen by both within one step of the budgets",
                               assessment.crossings_matched, assessment.crossings));
    for (const Crossover& crossover : assessment.crossovers)
        rows += row("", text("{} and {} between {} and {}: {}", crossover.first, crossover.second,
                             crossover.before, crossover.after,
                             crossover.predicted && crossover.measured ? "both"
                             : crossover.predicted                     ? "predicted only"
                                                                       : "measured only"));
    return rows;
}

std::string summary(const Assessment& assessment) {
    std::string rows = "Summary\n";
    rows += row("error of latency",
                text("median {} %, 95th percentile {} %, over {}",
                     percent2(assessment.median_error), percent2(assessment.p95_error),
                     plural(std::ssize(assessment.points), "configuration")));
    rows += row("error of overhead",
                text("median {}, 95th percentile {} points", percent2(assessment.median_overhead),
                     percent2(assessment.p95_overhead)));
    rows +=
        row("error of slowdown",
            text("median {} %, 95th percentile {} %: of T / T_direct in the same round, which a "
                 "machine that drifts changes less",
                 percent2(assessment.median_slowdown), percent2(assessment.p95_slowdown)));
    rows += row("Kendall's tau", tau_text(assessment));
    rows += row("regret", regret_text(assessment));
    rows += crossover_rows(assessment);
    rows += row("skill", assessment.skill
                             ? text("{:.3f} over {}, where more than 5 % of the time is stalled",
                                    *assessment.skill, assessment.skill_against)
                             : std::string("nothing stalls more than 5 % of its time"));
    rows += row("noise floor", assessment.noise_floor
                                   ? text("F = {:.2f}: the error over the difference of two halves "
                                          "of the repeats",
                                          *assessment.noise_floor)
                                   : std::string("the repeats do not differ"));
    rows += row("noise", noisy_text(assessment));
    if (assessment.outputs_seen && !assessment.inputs_differ)
        rows +=
            row("outputs", "direct's outputs do not tell its inputs apart: equality says nothing");
    for (const Configuration* failed : assessment.failures)
        rows += row("failed", text("{} at {}: {}", failed->policy.spec, failed->budget.text,
                                   failed->failure));
    return rows;
}

std::string ablation_table(const Validation& validation) {
    if (validation.ablations.empty()) return {};
    TextTable table;
    table.add_column({"Where the error comes from:", "simulated without"}, Align::left);
    table.add_column({"median", "error %"});
    table.add_column({"p95", "error %"});
    table.add_column({"median", "change"});
    const Assessment& a = validation.assessment;
    table.add_row(
        {"(nothing: everything modelled)", percent2(a.median_error), percent2(a.p95_error), ""});
    for (const Ablation& ablation : validation.ablations)
        if (ablation.modelled)
            table.add_row({ablation.effect, percent2(ablation.median_error),
                           percent2(ablation.p95_error),
                           signed_percent(ablation.median_error - a.median_error)});
    std::vector<std::string> absent;
    for (const Ablation& ablation : validation.ablations)
        if (!ablation.modelled) absent.push_back(ablation.effect);
    std::string part = table.str() + '\n';
    if (!absent.empty())
        part += "  not in the profile: " + wrap(join(absent, ", "), kWidth, 4, 22) + '\n';
    return part;
}

std::string gate_table(const std::vector<Gate>& gates) {
    TextTable table;
    table.add_column({gates.front().asked ? "Gates" : "Targets (not gates: --gate asks)"},
                     Align::left);
    table.add_column({"value"});
    table.add_column({"wanted"});
    table.add_column({""}, Align::left);
    for (const Gate& gate : gates)
        table.add_row({gate.what, gate.value_text(),
                       text("{} {}", gate.at_least ? ">=" : "<=", gate.wanted),
                       gate.met()   ? "met"
                       : gate.value ? "MISSED"
                       : gate.asked ? "MISSED: nothing to tell by"
                                    : "-"});
    return table.str();
}

}  // namespace

std::string validation_report(const Validation& validation) {
    std::string report;
    for (const Study& study : validation.studies)
        report += heading(study) + interrupted_line(study) +
                  pace_line(validation.assessment, study) + '\n' +
                  (study.against->keeps_a_pace ? emulation_table(validation.assessment, study)
                                               : time_table(validation.assessment, study)) +
                  memory_table(validation.assessment, study);
    if (validation.assessment.points.empty()) report += "nothing could be compared\n";
    report += summary(validation.assessment) + '\n';
    if (const std::string table = ablation_table(validation); !table.empty())
        report += table + '\n';
    return report + gate_table(validation.gates);
}

}  // namespace swaplab
