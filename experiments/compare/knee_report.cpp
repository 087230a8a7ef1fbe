#include <cmath>

#include "experiments/compare/knee.h"
#include "experiments/run/run_report.h"
#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kLayersShown = 3;

std::string size_of(Bytes bytes, const Scenario& scenario) {
    return text("{} ({:.2f}x)", format_bytes(bytes), share(bytes, scenario.parameter_bytes()));
}

std::string layers_of(const Knee& knee) {
    if (knee.layers.empty()) return {};
    std::vector<std::string> shown(
        knee.layers.begin(), knee.layers.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(kLayersShown, knee.layers.size())));
    const std::size_t more = knee.layers.size() - shown.size();
    return text(" for {}{}", join(shown, ", "), more > 0 ? text(" and {} more", more) : "");
}

std::string sentence(const Knee& knee, const KneeRequest& request, const TimeUnit& unit) {
    if (!knee.refusal.empty()) return text("{}: {}", knee.policy, knee.refusal);
    const Scenario& scenario = request.scenario;
    const auto shown = [&](double value) {
        return request.metric->shown(value, unit) +
               (request.metric->of_time ? " " + std::string(unit.name) : "");
    };
    std::string said =
        text("{} needs {}{} ({}); within {} of its best ({}) from {} on", knee.policy,
             size_of(knee.minimum, scenario), layers_of(knee), shown(knee.at_minimum),
             percent(request.share), shown(knee.best), size_of(knee.enough, scenario));
    if (!knee.waits_for.empty()) said += text(", below that it waits for {}", knee.waits_for);
    if (knee.jump)
        said += text("; it falls from {} to {} between {} and {}", shown(knee.jump->before),
                     shown(knee.jump->after), format_bytes(knee.jump->low),
                     format_bytes(knee.jump->high));
    return said + text(" ({})", plural(knee.runs, "run"));
}

}  // namespace

std::string knee_report(const std::vector<Knee>& knees, const KneeRequest& request) {
    double least = INFINITY;
    for (const Knee& knee : knees)
        if (knee.refusal.empty()) least = std::min(least, knee.best);
    const bool times = request.metric->of_time && std::isfinite(least);
    const TimeUnit unit = time_unit_for(Duration{times ? std::llround(least) : 0});
    std::string report = wrap(scenario_line(request.scenario), kWidth, 4) + "\n\n";
    for (const Knee& knee : knees) report += wrap(sentence(knee, request, unit), kWidth, 4) + '\n';
    return report;
}

void write_knees(JsonWriter& json, const std::vector<Knee>& knees, const KneeRequest& request) {
    const auto number = [&](std::string_view key, double value) {
        json.key(key);
        std::isfinite(value) ? json.value(value) : json.null();
    };
    for (const Knee& knee : knees) {
        json.begin_object().member("models", request.scenario.models_text());
        json.member("device", request.scenario.device_text()).member("policy", knee.policy);
        json.member("metric", request.metric->name).member("share", request.share);
        json.member("refusal", knee.refusal).member("minimum_budget_bytes", knee.minimum.count);
        json.key("layers").begin_array();
        for (const std::string& layer : knee.layers) json.value(layer);
        json.end_array();
        number("at_minimum", knee.at_minimum);
        json.member("enough_bytes", knee.enough.count);
        number("at_enough", knee.at_enough);
        number("best", knee.best);
        json.member("waits_for", knee.waits_for).key("jump");
        if (knee.jump) {
            json.begin_object().member("low_bytes", knee.jump->low.count);
            json.member("high_bytes", knee.jump->high.count);
            number("before", knee.jump->before);
            number("after", knee.jump->after);
            json.end_object();
        } else {
            json.null();
        }
        json.member("runs", knee.runs).end_object();
    }
}

}  // namespace swaplab
