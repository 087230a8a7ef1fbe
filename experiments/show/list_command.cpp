#include "experiments/request/catalog.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/text/figures.h"
#include "experiments/text/spec.h"
#include "experiments/text/table.h"
#include "policies/registry.h"
#include "profiles/base/quantity.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/document/document.h"
#include "profiles/models/builtin_models.h"

namespace swaplab {

namespace {

// "VGG-19, torchvision, 224 x 224 pixels"
std::string described(const BuiltinModel& model) {
    std::string line = text("{}, {} ", model.summary, model.default_input);
    line += model.unit == InputUnit::tokens ? "tokens" : text("x {} pixels", model.default_input);
    if (model.default_tokens > 0) line += text(", generates {}", model.default_tokens);
    return line;
}

std::string models_text() {
    TextTable table;
    table.add_column({"models"}, Align::left);
    for (const char* heading : {"MiB", "GFLOP", "layers"}) table.add_column({heading});
    table.add_column({""}, Align::left);
    for (const BuiltinModel& info : builtin_models()) {
        const Model model = builtin_model(info.name).value();
        table.add_row({std::string(info.name), mib(model.parameter_bytes()),
                       significant(static_cast<double>(model.flops()) / 1e9),
                       std::to_string(model.layer_count()), described(info)});
    }
    return table.str();
}

std::string devices_text() {
    TextTable table;
    table.add_column({"devices"}, Align::left);
    table.add_column({"memory"});
    table.add_column({"compute"}, Align::left);
    table.add_column({"profile"}, Align::left);
    table.add_column({"modes"});
    for (const std::string& name : builtin_device_names()) {
        const Platform platform = builtin_device(name).value();
        const Node& node = platform.node({});
        table.add_row({name, format_bytes(node.memory.capacity),
                       node.compute == ComputeKind::gpu ? "gpu" : "cpu",
                       platform.provenance.measured ? "measured" : "not measured",
                       node.modes.empty() ? "-" : std::to_string(node.modes.size())});
    }
    return table.str();
}

std::string policies_text() {
    TextTable table;
    table.add_column({"policies"}, Align::left);
    table.add_column({""}, Align::left);
    for (const PolicyInfo& info : registry())
        table.add_row({std::string(info.name), std::string(info.summary)});
    return table.str();
}

void models_json(JsonWriter& json) {
    json.key("models").begin_array();
    for (const BuiltinModel& info : builtin_models()) {
        const Model model = builtin_model(info.name).value();
        json.begin_object().member("name", info.name).member("summary", info.summary);
        json.member("parameter_bytes", model.parameter_bytes().count);
        json.member("parameter_tensors", model.parameter_tensors());
        json.member("flops", model.flops());
        json.member("layers", static_cast<std::int64_t>(model.layer_count()));
        json.member("default_input", info.default_input);
        json.member("input_unit", info.unit == InputUnit::tokens ? "tokens" : "pixels");
        json.member("input_multiple", info.input_multiple);
        json.member("largest_input", info.largest_input);
        json.member("dtype", info.default_dtype);
        json.member("tokens", info.default_tokens).end_object();
    }
    json.end_array();
}

void devices_json(JsonWriter& json) {
    json.key("devices").begin_array();
    for (const std::string& name : builtin_device_names()) {
        const Platform platform = builtin_device(name).value();
        const Node& node = platform.node({});
        json.begin_object().member("name", name);
        json.member("compute", node.compute == ComputeKind::gpu ? "gpu" : "cpu");
        json.member("capacity_bytes", node.memory.capacity.count);
        json.key("modes").begin_array();
        for (const Mode& mode : node.modes) json.value(mode.name);
        json.end_array().member("measured", platform.provenance.measured);
        json.member("source", platform.provenance.source).end_object();
    }
    json.end_array();
}

void policies_json(JsonWriter& json) {
    json.key("policies").begin_array();
    for (const PolicyInfo& info : registry()) {
        json.begin_object().member("name", info.name).member("summary", info.summary);
        json.member("source", info.source).key("parameters").begin_object();
        for (const ParameterInfo& parameter : info.parameters)
            json.member(parameter.name, parameter.default_value);
        json.end_object().end_object();
    }
    json.end_array();
}

struct Kind {
    std::string_view name;
    std::string (*text)();
    void (*json)(JsonWriter&);
};
constexpr Kind kKinds[] = {{"models", models_text, models_json},
                           {"devices", devices_text, devices_json},
                           {"policies", policies_text, policies_json}};

struct Options {
    std::string what;
};

constexpr CommandText kText{"list", "what is built in, one line each", "[models|devices|policies]",
                            "Without an argument, all three.",
                            "swaplab list\n"
                            "swaplab list policies\n"
                            "swaplab list models --json"};

void declare(Flags& flags, Options& options) { flags.argument("what", into(options.what)); }

int run_list(const Options& options, const Console& console) {
    if (!options.what.empty())
        require_known("kind of list", options.what, {"models", "devices", "policies"});
    JsonWriter json;
    json.begin_object();
    std::string text;
    for (const Kind& kind : kKinds) {
        if (!options.what.empty() && options.what != kind.name) continue;
        if (console.json) {
            kind.json(json);
        } else {
            if (!text.empty()) text += '\n';
            text += kind.text();
        }
    }
    json.end_object();
    console.out << (console.json ? json.str() + '\n' : text);
    return exit_ok;
}

}  // namespace

CliCommand list_command() { return {kText, declare, run_list}; }

}  // namespace swaplab
