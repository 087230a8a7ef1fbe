#include "experiments/measure/profile_report.h"

#include <algorithm>

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "experiments/text/table.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 96;

std::string lines_table(const Profile& profile) {
    TextTable table;
    table.add_column({"line"}, Align::left);
    table.add_column({"samples"});
    table.add_column({"layers,", "blocks"});
    table.add_column({"rounds"});
    table.add_column({"parameters"}, Align::left);
    table.add_column({"error"});
    table.add_column({"of a", "request"});
    for (const LineCoverage& line : profile.lines) {
        const std::string range = line.least == line.greatest ? format_bytes(line.least)
                                                              : format_bytes(line.least) + " to " +
                                                                    format_bytes(line.greatest);
        table.add_row({line.line, text("{}", line.samples), text("{}", line.works),
                       text("{}", line.rounds), range, line.error ? percent(*line.error) : "-",
                       line.weighed ? percent(*line.weighed) : "-"});
    }
    return table.str(2);
}

std::string fits_table(const FittedDevice& fitted) {
    TextTable table;
    table.add_column({"fit of"}, Align::left);
    for (const char* heading : {"samples", "R2", "left-one-out"}) table.add_column({heading});
    for (const FittedLine& line : fitted.lines)
        table.add_row({line.of, text("{}", line.regression.samples),
                       text("{:.3f}", line.regression.r2),
                       line.regression.loo_mape ? percent(*line.regression.loo_mape) : "-"});
    return table.str(2);
}

// How much repeated samples of what a request is made of vary.
std::string noise_part(const FittedDevice& fitted) {
    // Above this a machine is too noisy to tell (TARGETS: Fidelity).
    constexpr double quiet = 0.03;
    const NoiseSpec& noise = fitted.platform.nodes.front().noise;
    const double read = noise.cv[static_cast<std::size_t>(Activity::read)];
    const double execute = noise.cv[static_cast<std::size_t>(Activity::execute)];
    const std::string body =
        text("repeated reads vary by {}, executions by {}{}", percent(read), percent(execute),
             std::max(read, execute) > quiet
                 ? "; above 3 % what else runs on this machine decides, so measure when it is quiet"
                 : "");
    return definition("  noise", body, 18, kWidth);
}

void write_line(JsonWriter& json, const LineCoverage& line) {
    json.begin_object().member("line", line.line).member("samples", line.samples);
    json.member("works", line.works).member("rounds", line.rounds);
    json.key("parameter_bytes").begin_array().value(line.least.count).value(line.greatest.count);
    json.end_array().key("error");
    line.error ? json.value(*line.error) : json.null();
    json.key("error_of_request");
    line.weighed ? json.value(*line.weighed) : json.null();
    json.end_object();
}

}  // namespace

std::string profile_report(const Profile& profile, const FittedDevice& fitted, double error) {
    std::string report =
        text("{} samples in {} rounds, {}; {}\n\n", profile.measurements.rows.size(),
             profile.rounds, format_duration(profile.took),
             profile.reached
                 ? text("no line adds more than {} to the error of a request", percent(error))
                 : text("time was up before every line added less than {}", percent(error)));
    report += lines_table(profile) + '\n' + fits_table(fitted);
    report += '\n' + noise_part(fitted);
    if (profile.mixed > 0)
        report += text("  {} spans were neither alone nor beside one other kind all along\n",
                       profile.mixed);
    for (const NotMeasured& missing : profile.missing)
        report +=
            definition("  not measured", text("{}: {}", missing.what, missing.why), 18, kWidth);
    return report;
}

std::string profile_json(const Profile& profile, const FittedDevice& fitted, double error) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/profile/1");
    json.member("samples", std::ssize(profile.measurements.rows)).member("rounds", profile.rounds);
    json.member("took_ns", count_ns(profile.took)).member("error_asked", error);
    json.member("reached", profile.reached).member("mixed", profile.mixed);
    json.key("lines").begin_array();
    for (const LineCoverage& line : profile.lines) write_line(json, line);
    json.end_array().key("fits").begin_array();
    for (const FittedLine& line : fitted.lines) {
        json.begin_object().member("line", line.of).member("samples", line.regression.samples);
        json.member("r2", line.regression.r2).key("loo_mape");
        line.regression.loo_mape ? json.value(*line.regression.loo_mape) : json.null();
        json.end_object();
    }
    json.end_array().key("not_measured").begin_array();
    for (const NotMeasured& missing : profile.missing)
        json.begin_object().member("what", missing.what).member("why", missing.why).end_object();
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
