#include "experiments/request/experiment_file.h"

#include <cmath>

#include "experiments/text/option_values.h"
#include "experiments/request/words.h"
#include "experiments/text/positioned.h"
#include "experiments/text/spec.h"
#include "policies/registry.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::vector<Field> at_least_one(const Field& list) {
    std::vector<Field> items = list.as_array();
    if (items.empty()) list.fail_expecting("at least one");
    return items;
}

void require_at_most(const Field& field, std::int64_t found, std::int64_t most) {
    if (found > most) field.fail_expecting(text("at most {}", most));
}

bool is_object(const Field& field) { return field.value().kind == Value::Kind::object; }
bool is_array(const Field& field) { return field.value().kind == Value::Kind::array; }

// --- Specs: of models, devices and policies -----------------------------------------------------

// `NAME`, or {name: NAME, key: value, ...}; a list as a value stands for one spec each.
std::vector<std::string> specs_of(const Field& field) {
    if (!is_object(field)) return {field.as_string()};
    Fields fields(field);
    std::vector<std::string> specs{fields.required("name").as_string()};
    char separator = ':';
    for (const auto& [key, value] : fields.rest()) {
        std::vector<std::string> values;
        if (is_array(value))
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

// What `choose` makes of every spec of a list.
template <class Choose>
auto chosen(const Field& list, Choose choose) {
    std::vector<decltype(choose(std::string()))> all;
    for (const Field& item : at_least_one(list))
        for (const std::string& spec : specs_of(item))
            all.push_back(positioned(item, [&] { return choose(spec); }));
    return all;
}

// Every device in every mode; an empty mode is the device's own.
std::vector<DeviceChoice> in_modes(const std::vector<DeviceChoice>& devices, const Field& modes) {
    std::vector<DeviceChoice> all;
    for (const DeviceChoice& device : devices) {
        if (!device.platform.mode.empty())
            modes.fail(text("device '{}' has a mode already: leave out its mode=", device.spec));
        for (const Field& mode : at_least_one(modes)) {
            const std::string name = mode.as_text();
            const char separator = device.spec.find(':') == std::string::npos ? ':' : ',';
            all.push_back(name.empty() ? device : positioned(mode, [&] {
                return choose_device(text("{}{}mode={}", device.spec, separator, name));
            }));
        }
    }
    return all;
}

// --- Budgets ------------------------------------------------------------------------------------

BudgetChoice budget_of(const Field& field) {
    return positioned(field, [&] { return parse_budget(field.as_text()); });
}

// {from: 0.2x, to: 1.0x, steps: 20, scale: linear}: both ends and what lies between them evenly.
std::vector<BudgetChoice> budget_range(const Field& field) {
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
    std::vector<BudgetChoice> budgets;
    for (std::int64_t i = 0; i < steps; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
        const double value =
            logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
        add_budget(budgets, parse_budget(factor ? text("{:.6g}x", value)
                                                : text("{:.0f}", std::floor(value))));
    }
    if (std::ssize(budgets) < steps)
        steps_field.fail_expecting(
            text("{} steps at most: they differ in six digits, or in bytes", std::ssize(budgets)));
    return budgets;
}

std::vector<BudgetChoice> budgets_of(const Field& field) {
    if (is_object(field)) return budget_range(field);
    std::vector<BudgetChoice> budgets;
    for (const Field& item : at_least_one(field)) add_budget(budgets, budget_of(item));
    return budgets;
}

// --- Workloads, dispatchers, seeds --------------------------------------------------------------

std::string path_of(Fields& fields, std::string_view key) {
    const auto field = fields.optional(key);
    if (!field) return {};
    if (field->as_string().empty()) field->fail_expecting("the path of a file");
    return field->as_string();
}

std::string only_spec_of(const Field& field) {
    const std::vector<std::string> specs = specs_of(field);
    if (specs.size() > 1) field.fail("expected one value of each key: one entry for each");
    return specs.front();
}

// A path, or a process: "poisson:rate=30/s", {name: poisson, rate: 30/s}.
void read_arrivals(const Field& field, WorkloadChoice& workload) {
    const std::string given = only_spec_of(field);
    if (given.empty()) field.fail_expecting("the path of a file, or a process");
    positioned(field, [&] {
        choose_arrivals(workload, given);
        return 0;
    });
    if (!workload.arrivals.empty() && (workload.mode || workload.requests))
        field.fail("expected no mode and no requests beside it: it lists all requests");
    if (workload.process && workload.mode)
        field.fail("expected no mode beside it: it says how requests arrive");
}

WorkloadChoice workload_of(const Field& field) {
    Fields fields(field);
    WorkloadChoice workload;
    if (const auto mode = fields.optional("mode"))
        workload.mode = positioned(*mode, [&] { return parse_arrival_mode(mode->as_string()); });
    if (const auto requests = fields.optional("requests")) {
        workload.requests = requests->as_positive();
        require_at_most(*requests, *workload.requests, kMostWhole);
    }
    if (const auto duration = fields.optional("duration"))
        workload.duration = positioned(
            *duration, [&] { return parse_positive_duration("", "duration", duration->as_text()); });
    if (const auto arrivals = fields.optional("arrivals")) read_arrivals(*arrivals, workload);
    if (const auto sources = fields.optional("sources"))
        for (const Field& item : at_least_one(*sources))
            workload.sources.push_back(
                positioned(item, [&] { return choose_source(only_spec_of(item)); }));
    workload.budget_trace = path_of(fields, "budget_trace");
    workload.mode_trace = path_of(fields, "mode_trace");
    if (const auto overrun = fields.optional("overrun"))
        workload.overrun =
            positioned(*overrun, [&] { return parse_overrun(overrun->as_string()); });
    fields.finish();
    return workload;
}

std::uint64_t seed_of(const Field& field) {
    const std::int64_t seed = field.as_count();
    require_at_most(field, seed, kMostWhole);
    return static_cast<std::uint64_t>(seed);
}

std::vector<Field> one_or_several(const Field& field) {
    return is_array(field) ? at_least_one(field) : std::vector<Field>{field};
}

// One of two keys for the same: `one` takes a single value, `several` a list.
template <class Read>
auto read_either(Fields& fields, std::string_view one, std::string_view several, Read read) {
    std::vector<decltype(read(std::declval<const Field&>()))> all;
    const auto single = fields.optional(one);
    if (single) all.push_back(read(*single));
    if (const auto list = fields.optional(several)) {
        if (single) list->fail(text("expected '{}' or '{}', found both", one, several));
        for (const Field& item : at_least_one(*list)) all.push_back(read(item));
    }
    return all;
}

void read_noise(Fields& fields, Experiment& experiment) {
    if (const auto noise = fields.optional("noise")) experiment.noise = noise->as_bool();
    if (const auto count = fields.optional("replications")) {
        experiment.replications = count->as_positive();
        require_at_most(*count, *experiment.replications, kMostRepeats);
    }
    experiment.seeds = read_either(fields, "seed", "seeds", seed_of);
    if (experiment.seeds.size() > 1 && !experiment.noise)
        fields.required("seeds").fail(
            "expected noise: true beside several seeds: without noise all runs are alike");
}

}  // namespace

Experiment load_experiment(const std::string& path) {
    const Document document = load_document(path);
    Fields fields(Field::root(document));
    const Field schema = fields.required("schema");
    if (schema.as_string() != "swaplab/experiment/1") schema.fail_expecting("swaplab/experiment/1");
    Experiment experiment;
    experiment.models = chosen(fields.required("models"), choose_model);
    const auto together = fields.optional("together");
    experiment.together = together && together->as_bool();
    experiment.devices = chosen(fields.required("devices"), choose_device);
    if (const auto modes = fields.optional("modes"))
        experiment.devices = in_modes(experiment.devices, *modes);
    experiment.policies = chosen(fields.required("policies"), choose_policy);
    experiment.budgets = budgets_of(fields.required("budgets"));
    experiment.workloads = read_either(fields, "workload", "workloads", workload_of);
    if (const auto dispatch = fields.optional("dispatch"))
        for (const Field& item : one_or_several(*dispatch))
            for (const std::string& spec : specs_of(item))
                experiment.dispatches.push_back(
                    positioned(item, [&] { return make_dispatch(spec); }));
    read_noise(fields, experiment);
    fields.finish();
    return experiment;
}

}  // namespace swaplab
