#include "experiments/request/catalog.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "experiments/text/option_values.h"
#include "experiments/text/layout.h"
#include "experiments/text/spec.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/device/device_file.h"
#include "profiles/device/faster_device.h"
#include "profiles/model/model_file.h"
#include "profiles/models/builtin_models.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

// A name that can only be meant as a path, so that "no such file" is the better message.
bool looks_like_path(std::string_view name) {
    return name.find('/') != std::string_view::npos || name.ends_with(".json") ||
           name.ends_with(".yaml") || name.ends_with(".yml");
}

bool known(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void unknown(std::string_view what, const std::string& name,
                          const std::vector<std::string>& names) {
    if (looks_like_path(name)) throw InputError(text("{} file '{}' does not exist", what, name));
    std::string message = text("unknown {} '{}'{}", what, name, suggestion(name, names));
    if (message.find("(known: ") == std::string::npos)
        message += text("; known: {}", join(names, ", "));
    throw InputError(message + text("; or the path of a {} file", what));
}

// Splits off the options, unless all of `given` is the path of a file that has a colon in its name.
Spec parse_choice(std::string_view given, std::string_view what,
                  const std::vector<std::string>& names) {
    const std::string head(given.substr(0, given.find(':')));
    if (!known(names, head) && exists(std::string(given)))
        return {std::string(given), std::string(given), {}};
    Spec spec = parse_spec(given, what);
    if (!known(names, spec.name) && !exists(spec.name)) unknown(what, spec.name, names);
    return spec;
}

double positive_weight(const Spec& spec, const std::string& value) {
    const std::optional<double> weight = parse_number(value);
    if (!weight || !(*weight > 0))
        throw InputError(
            text("model '{}': weight: expected a positive number, found '{}'", spec.text, value));
    return *weight;
}

const BuiltinModel* builtin_named(std::string_view name) {
    for (const BuiltinModel& model : builtin_models())
        if (model.name == name) return &model;
    return nullptr;
}

std::int64_t whole_number(const Spec& spec, const std::string& key, const std::string& value) {
    return parse_whole_number(text("model '{}'", spec.text), key, value);
}

const std::vector<std::string> kMeasures{"input", "prompt", "dtype", "batch", "tokens"};

std::vector<std::string> model_keys() {
    std::vector<std::string> keys = kMeasures;
    keys.insert(keys.end(), arrival_keys().begin(), arrival_keys().end());
    keys.insert(keys.end(), {"deadline", "weight"});
    return keys;
}

// `prompt` is what `input` is of a generative model.
std::int64_t read_prompt(const Spec& spec, const BuiltinModel& builtin, const std::string& value,
                         const ModelOptions& options) {
    if (builtin.default_tokens == 0)
        throw InputError(text("model '{}': prompt= is for generative models", spec.text));
    if (options.input)
        throw InputError(
            text("model '{}': prompt= and input= say the same: leave one out", spec.text));
    return whole_number(spec, "prompt", value);
}

// What makes a built-in model to measure; the model checks the values.
void read_measure(const Spec& spec, const BuiltinModel* builtin, const std::string& key,
                  const std::string& value, ModelOptions& options) {
    if (builtin == nullptr)
        throw InputError(text("model '{}': {}= is for built-in models only", spec.text, key));
    if (key == "dtype")
        options.dtype = value;
    else if (key == "prompt")
        options.input = read_prompt(spec, *builtin, value, options);
    else if (key == "input" && options.input)
        read_prompt(spec, *builtin, value, options);
    else if (key == "input")
        options.input = whole_number(spec, key, value);
    else if (key == "batch")
        options.batch = whole_number(spec, key, value);
    else
        options.tokens = whole_number(spec, key, value);
}

void load(ModelChoice& choice, const Spec& spec, const BuiltinModel* builtin,
          const ModelOptions& options) {
    std::error_code ignored;
    if (builtin != nullptr) {
        choice.model = std::make_shared<const Model>(builtin_model(spec.name, options).value());
    } else if (fs::is_directory(spec.name, ignored)) {
        choice.pack = std::make_shared<const Pack>(spec.name);
        choice.model = choice.pack->model();
    } else {
        choice.model = std::make_shared<const Model>(load_model(spec.name));
    }
}

void choose_mode(Platform& platform, const Spec& spec, const std::string& value) {
    for (const Node& node : platform.nodes) {
        if (node.mode_named(value) != nullptr) continue;
        std::vector<std::string> modes;
        for (const Mode& mode : node.modes) modes.push_back(mode.name);
        throw InputError(text("device '{}' has no mode '{}'{}", spec.name, value,
                              modes.empty() ? " (it has no modes)" : suggestion(value, modes)));
    }
    platform.mode = value;
}

// What a device is asked to be: a mode, a kind of memory, faster at an activity.
std::vector<std::string> device_keys() {
    std::vector<std::string> keys{"mode", "memory"};
    for (const ActivityRow& row : kActivityTable) keys.emplace_back(row.name);
    return keys;
}

void choose_memory(Platform& platform, const Spec& spec, const std::string& value) {
    require_known(text("kind of memory of device '{}':", spec.text), value, memory_kind_names());
    for (const Node& node : platform.nodes)
        if (node.compute == ComputeKind::cpu)
            throw InputError(
                text("device '{}' has no kinds of memory: its models execute on the "
                     "CPU; leave out memory=",
                     spec.name));
    platform.memory_kind = memory_kind_named(value);
}

}  // namespace

double parse_times(std::string_view what, const std::string& given) {
    const bool marked = given.ends_with('x');
    const auto factor = parse_number(marked ? given.substr(0, given.size() - 1) : "");
    constexpr double least = 1e-6;
    constexpr double most = 1e6;
    if (factor && *factor >= least && *factor <= most) return *factor;
    throw InputError(
        text("{}: expected how many times as fast, such as 2x or 0.5x, found '{}'", what, given));
}

void speed_up(DeviceChoice& choice, Speedup speedup) {
    make_faster(choice.platform, speedup.activity, speedup.factor);
    choice.speedups.push_back(std::move(speedup));
}

std::string shadowed_text(std::string_view what, const std::string& spec) {
    const std::string name = spec.substr(0, spec.find(':'));
    return text("'{0}' is the built-in {1}; the {2} of this name here is ./{0}", name, what,
                fs::is_directory(name) ? "folder" : "file");
}

std::vector<std::string> memory_kind_names() {
    std::vector<std::string> names;
    for (const MemoryKindRow& row : memory_kinds()) names.emplace_back(row.name);
    return names;
}

std::vector<std::string> builtin_model_names() {
    std::vector<std::string> names;
    for (const BuiltinModel& model : builtin_models()) names.emplace_back(model.name);
    return names;
}

ModelChoice choose_model(std::string_view given) {
    const Spec spec = parse_choice(given, "model", builtin_model_names());
    const BuiltinModel* builtin = builtin_named(spec.name);
    ModelChoice choice;
    choice.spec = spec.text;
    choice.builtin = builtin != nullptr;
    choice.shadows = choice.builtin && exists(spec.name);
    ModelOptions options;
    for (const auto& [key, value] : spec.options) {
        require_known(text("key of model '{}':", spec.text), key, model_keys());
        if (known(kMeasures, key)) read_measure(spec, builtin, key, value, options);
        if (key == "deadline") choice.deadline =
                parse_positive_duration(text("model '{}'", spec.text), key, value);
        if (key == "weight") choice.weight = positive_weight(spec, value);
    }
    choice.arrivals = arrivals_among(text("model '{}'", spec.text), spec.options);
    load(choice, spec, builtin, options);
    return choice;
}

DeviceChoice choose_device(std::string_view given) {
    const std::vector<std::string> names = builtin_device_names();
    const Spec spec = parse_choice(given, "device", names);
    const bool builtin = known(names, spec.name);
    DeviceChoice choice;
    choice.spec = spec.text;
    choice.platform = builtin ? builtin_device(spec.name).value() : load_device(spec.name);
    choice.builtin = builtin;
    choice.shadows = builtin && exists(spec.name);
    for (const auto& [key, value] : spec.options) {
        require_known(text("key of device '{}':", spec.text), key, device_keys());
        if (key == "mode") choose_mode(choice.platform, spec, value);
        if (key == "memory") choose_memory(choice.platform, spec, value);
        if (const auto activity = activity_named(key))
            speed_up(choice,
                     {*activity, parse_times(text("device '{}': {}", spec.text, key), value),
                      text("{}={}", key, value)});
    }
    return choice;
}

}  // namespace swaplab
