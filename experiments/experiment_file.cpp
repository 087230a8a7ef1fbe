#include "experiments/experiment_file.h"

#include <cmath>

#include "experiments/cli/budget.h"
#include "experiments/cli/spec.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

// What `check` finds wrong about a value gets its position.
template <class Check>
void positioned(const Field& field, Check check) {
    try {
        check();
    } catch (const InputError& error) {
        field.fail(error.what());
    }
}

std::vector<Field> at_least_one(const Field& list) {
    std::vector<Field> items = list.as_array();
    if (items.empty()) list.fail_expecting("at least one");
    return items;
}

bool is_object(const Field& field) { return field.value().kind == Value::Kind::object; }

// `NAME`, or {name: NAME, key: value, ...}; a list as a value stands for one spec each.
std::vector<std::string> specs_of(const Field& field) {
    if (!is_object(field)) return {field.as_string()};
    Fields fields(field);
    std::vector<std::string> specs{fields.required("name").as_string()};
    char separator = ':';
    for (const auto& [key, value] : fields.rest()) {
        std::vector<std::string> values;
        if (value.value().kind == Value::Kind::array)
            for (const Field& item : at_least_one(value)) values.push_back(item.as_text());
        else
            values.push_back(value.as_text());
        std::vector<std::string> longer;
        for (const std::string& spec : specs)
            for (const std::string& one : values)
                longer.push_back(text("{}{}{}={}", spec, separator, key, one));
        specs = std::move(longer);
        separator = ',';
    }
    return specs;
}

std::vector<std::string> all_specs(const Field& list) {
    std::vector<std::string> specs;
    for (const Field& item : at_least_one(list))
        for (std::string& spec : specs_of(item)) specs.push_back(std::move(spec));
    return specs;
}

std::vector<std::string> policies_of(const Field& list) {
    std::vector<std::string> specs;
    for (const Field& item : at_least_one(list))
        for (std::string& spec : specs_of(item)) {
            positioned(item, [&] { make_policy(spec); });
            specs.push_back(std::move(spec));
        }
    return specs;
}

BudgetChoice budget_of(const Field& field) {
    BudgetChoice choice;
    positioned(field, [&] { choice = parse_budget(field.as_text()); });
    return choice;
}

// {from: 0.2x, to: 1.0x, steps: 20, scale: linear}: both ends and what lies between them evenly.
std::vector<std::string> budget_range(const Field& field) {
    Fields fields(field);
    const Field from_field = fields.required("from");
    const Field to_field = fields.required("to");
    const BudgetChoice from = budget_of(from_field);
    const BudgetChoice to = budget_of(to_field);
    const Field steps_field = fields.required("steps");
    const std::int64_t steps = steps_field.as_positive();
    constexpr std::int64_t most = 100'000;
    if (steps < 2 || steps > most) steps_field.fail_expecting(text("2 to {} steps", most));
    bool logarithmic = false;
    if (const auto scale = fields.optional("scale")) {
        positioned(*scale, [&] { require_known("scale", scale->as_string(), {"linear", "log"}); });
        logarithmic = scale->as_string() == "log";
    }
    fields.finish();
    if (from.kind == BudgetChoice::Kind::minimum) from_field.fail_expecting("a size or a factor");
    if (to.kind != from.kind) to_field.fail_expecting("a budget of the kind of 'from'");
    const bool factor = from.kind == BudgetChoice::Kind::factor;
    const double low = factor ? from.factor : static_cast<double>(from.bytes.count);
    const double high = factor ? to.factor : static_cast<double>(to.bytes.count);
    std::vector<std::string> budgets;
    for (std::int64_t i = 0; i < steps; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
        const double value =
            logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
        budgets.push_back(factor ? text("{:.6g}x", value) : text("{:.0f}", std::floor(value)));
    }
    return budgets;
}

std::vector<std::string> budgets_of(const Field& field) {
    if (is_object(field)) return budget_range(field);
    std::vector<std::string> budgets;
    for (const Field& item : at_least_one(field)) budgets.push_back(budget_of(item).text);
    return budgets;
}

void read_workload(const Field& field, Experiment& experiment) {
    Fields fields(field);
    if (const auto mode = fields.optional("mode")) {
        positioned(*mode, [&] { require_known("mode", mode->as_string(), {"cold", "stream"}); });
        experiment.mode = mode->as_string();
    }
    if (const auto requests = fields.optional("requests"))
        experiment.requests = requests->as_positive();
    fields.finish();
}

}  // namespace

Experiment load_experiment(const std::string& path) {
    const Document document = load_document(path);
    Fields fields(Field::root(document));
    const Field schema = fields.required("schema");
    if (schema.as_string() != "swaplab/experiment/1") schema.fail_expecting("swaplab/experiment/1");
    Experiment experiment;
    experiment.models = all_specs(fields.required("models"));
    if (const auto together = fields.optional("together"))
        experiment.together = together->as_bool();
    experiment.devices = all_specs(fields.required("devices"));
    experiment.policies = policies_of(fields.required("policies"));
    experiment.budgets = budgets_of(fields.required("budgets"));
    if (const auto workload = fields.optional("workload")) read_workload(*workload, experiment);
    if (const auto noise = fields.optional("noise")) experiment.noise = noise->as_bool();
    if (const auto count = fields.optional("replications"))
        experiment.replications = count->as_positive();
    if (const auto seed = fields.optional("seed")) experiment.seed = seed->as_count();
    fields.finish();
    return experiment;
}

std::vector<Options> studies_of(const Experiment& experiment, const Options& options) {
    Options common = options;
    common.policies = experiment.policies;
    common.budgets = experiment.budgets;
    common.mode = experiment.mode;
    common.requests = text("{}", experiment.requests);
    common.noise = experiment.noise;
    common.replications = text("{}", experiment.replications.value_or(1));
    common.seed = text("{}", experiment.seed);
    std::vector<Options> studies;
    for (const std::string& device : experiment.devices) {
        common.device = device;
        if (experiment.together) {
            common.models = experiment.models;
            studies.push_back(common);
            continue;
        }
        for (const std::string& model : experiment.models) {
            common.models = {model};
            studies.push_back(common);
        }
    }
    return studies;
}

}  // namespace swaplab
