#include "experiments/show/model_report.h"
#include "experiments/text/layout.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

std::vector<std::string> path_names(const PolicyInfo& policy) {
    std::vector<std::string> names;
    for (const SwapPath path : policy.swap_paths) names.emplace_back(name_of(path));
    return names;
}

}  // namespace

std::string policy_report(const PolicyInfo& policy) {
    constexpr std::size_t column = 24;
    constexpr std::size_t width = 90;
    std::string report = wrap(text("{}: {}", policy.name, policy.summary), width, 4) + "\n\n";
    report += definition("source", policy.source, column, width);
    if (!policy.inferred.empty())
        report += definition("inferred (ours)", policy.inferred, column, width);
    report += definition("swap paths",
                         join(path_names(policy), ", ") +
                             (policy.swap_paths.size() > 1 ? " (the first is the default)" : ""),
                         column, width);
    if (policy.parameters.empty()) return report + definition("parameters", "none", column, width);
    report += "\nParameters, with their defaults\n";
    for (const ParameterInfo& parameter : policy.parameters)
        report += definition(text("{}={}", parameter.name, parameter.default_value),
                             text("{}: {}", parameter.values, parameter.help), column, width);
    return report;
}

std::string policy_json(const PolicyInfo& policy) {
    JsonWriter json;
    json.begin_object().member("name", policy.name).member("summary", policy.summary);
    json.member("source", policy.source)
        .member("inferred", policy.inferred)
        .key("swap_paths")
        .begin_array();
    for (const std::string& name : path_names(policy)) json.value(name);
    json.end_array().key("parameters").begin_array();
    for (const ParameterInfo& parameter : policy.parameters) {
        json.begin_object().member("name", parameter.name).member("values", parameter.values);
        json.member("default", parameter.default_value).member("help", parameter.help);
        json.end_object();
    }
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
