#include "experiments/fit/fit_report.h"

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/printable.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 96;

std::string_view reason(LeftOut left_out) {
    return left_out == LeftOut::dependent ? "dependent" : "does not vary";
}

std::string formula(const FittedLine& line) {
    std::vector<std::string> parts;
    for (const FittedTerm& term : line.terms)
        if (term.value > 0) parts.push_back(text("{} {}", term.key, significant(term.value)));
    if (line.regression.constant > 0)
        parts.push_back(text("{} {}", line.constant_key, significant(line.regression.constant)));
    return parts.empty() ? "costs nothing" : join(parts, ", ");
}

// "tensors, layers": features that were measured and have no say; those that are 0 in all rows were
// not given and are not worth a word.
std::string left_out(const FittedLine& line) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < line.terms.size(); ++i) {
        const FittedTerm& term = line.terms[i];
        const bool given = line.regression.hull[i].greatest > 0;
        if (term.left_out == LeftOut::no || !given) continue;
        names.push_back(text("{} ({})", term.feature, reason(term.left_out)));
    }
    return join(names, ", ");
}

std::string quality_table(const FittedDevice& fitted) {
    TextTable table;
    table.add_column({"line"}, Align::left);
    for (const char* heading : {"samples", "R2", "left-one-out", "spread"})
        table.add_column({heading});
    for (const FittedLine& line : fitted.lines) {
        const Regression& fit = line.regression;
        table.add_row({line.of, text("{}", fit.samples), text("{:.3f}", fit.r2),
                       fit.loo_mape ? percent(*fit.loo_mape) : "-", percent(fit.residual_cv)});
    }
    return table.str(2);
}

std::string lines_part(const FittedDevice& fitted) {
    std::string part;
    for (const FittedLine& line : fitted.lines) {
        std::string body = formula(line);
        if (const std::string names = left_out(line); !names.empty())
            body += "; left out: " + names;
        part += definition("  " + line.of, body, 28, kWidth);
    }
    return part;
}

// What surrounds the lines: factors, noise, memory.
std::string effects_part(const FittedDevice& fitted) {
    const Node& node = fitted.platform.nodes.front();
    std::string part;
    const auto add = [&](const std::string& name, const std::string& body) {
        part += definition("  " + name, body, 28, kWidth);
    };
    if (node.read.concurrency.size() > 1) {
        std::vector<std::string> speeds;
        for (const double speed : node.read.concurrency) speeds.push_back(text("{:.2f}", speed));
        add("read.concurrency", join(speeds, " "));
    }
    if (node.read.after_idle)
        add("read.after_idle",
            text("{} after a rest of {}", format_duration(node.read.after_idle->extra),
                 format_duration(node.read.after_idle->gap)));
    if (fitted.platform.provenance.coefficients.contains("execute.*.ns_per_block"))
        add("execute", text("{} ns_per_block", significant(node.execute.other.per_block)));
    if (node.host_per_command > Duration::zero())
        add("host", text("{} before every command", format_duration(node.host_per_command)));
    if (node.memory.fresh_ns_per_byte > 0)
        add("memory.fresh", text("{} ns/byte", significant(node.memory.fresh_ns_per_byte)));
    for (std::size_t a = 0; a < kActivities; ++a) {
        const std::string_view name = name_of(static_cast<Activity>(a));
        for (std::size_t b = 0; b < kActivities; ++b)
            if (node.contention[a][b] != 1)
                add("contention", text("{} beside {}: {}", name, name_of(static_cast<Activity>(b)),
                                       times(node.contention[a][b])));
        if (node.noise.cv[a] > 0) add("noise", text("{} {}", name, percent(node.noise.cv[a])));
        if (node.noise.drift && node.noise.drift->cv[a] > 0)
            add("drift", text("{} {} over {}", name, percent(node.noise.drift->cv[a]),
                              format_duration(node.noise.drift->correlation)));
    }
    for (const Mode& mode : node.modes)
        if (mode.read_scale != 1 || mode.copy_scale != 1)
            add("mode " + mode.name,
                text("reads {}, copies {}", times(mode.read_scale), times(mode.copy_scale)));
    return part;
}

void write_line(JsonWriter& json, const FittedLine& line) {
    const Regression& fit = line.regression;
    json.begin_object().member("line", line.of).member("samples", fit.samples);
    json.key("coefficients").begin_object();
    for (const FittedTerm& term : line.terms)
        if (term.left_out == LeftOut::no) json.member(term.key, term.value);
    json.member(line.constant_key, fit.constant).end_object();
    json.key("left_out").begin_object();
    for (const FittedTerm& term : line.terms)
        if (term.left_out != LeftOut::no) json.member(term.feature, reason(term.left_out));
    json.end_object().member("r2", fit.r2).key("loo_mape");
    if (fit.loo_mape)
        json.value(*fit.loo_mape);
    else
        json.null();
    json.member("residual_cv", fit.residual_cv).end_object();
}

}  // namespace

std::string fit_report(const FittedDevice& fitted, const std::map<std::string, Duration>& anchors) {
    const Platform& platform = fitted.platform;
    std::string report = text("{}: {}\n\n", platform.name, printable(platform.provenance.source));
    report += quality_table(fitted) + '\n' + lines_part(fitted);
    report += effects_part(fitted);
    for (const auto& [key, ns] : anchors)
        report += definition("  anchor", text("{}: {}", key, format_duration(ns)), 28, kWidth);
    return report;
}

std::string fit_json(const FittedDevice& fitted, const std::map<std::string, Duration>& anchors) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/fit/1").member("device", fitted.platform.name);
    json.key("lines").begin_array();
    for (const FittedLine& line : fitted.lines) write_line(json, line);
    json.end_array().key("anchors").begin_object();
    for (const auto& [key, ns] : anchors) json.member(key, count_ns(ns));
    json.end_object().key("notes").begin_array();
    for (const std::string& note : fitted.notes) json.value(note);
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
