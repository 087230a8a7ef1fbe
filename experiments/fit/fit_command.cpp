#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "experiments/fit/fit_report.h"
#include "experiments/output/output_file.h"
#include "experiments/request/input_files.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

struct Options {
    std::string measurements;  // the file
    std::string name;          // of the device
    std::string own_mode;
    std::string anchor, layers;  // models that are written to: files or packs
    std::string output;
    bool clean = false;
};

std::string device_name(const Options& options, const Measurements& measurements) {
    if (!options.name.empty()) return options.name;
    if (measurements.name) return *measurements.name;
    const std::string& path = options.output.empty() ? options.measurements : options.output;
    return std::filesystem::path(path).stem().string();
}

// The same model with these anchors besides those it had.
Model anchored(const Model& model, const std::map<std::string, Duration>& anchors) {
    ModelSpec spec = model.spec();
    for (const auto& [key, ns] : anchors) spec.anchors[key] = ns;
    return Model(std::move(spec));
}

// A pack's model file, or the file itself.
std::string model_file_of(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) return path;
    return (std::filesystem::path(path) / "model.json").string();
}

// The model files to write to: by path, since both flags may name one.
std::map<std::string, Model> models_of(const Options& options, Measurements& measurements,
                                       const FitOptions& fit_options,
                                       std::map<std::string, Duration>& anchors) {
    std::map<std::string, Model> models;
    // The layers first: rows of the whole model help to tell what blocks add.
    if (!options.layers.empty()) {
        const std::string path = model_file_of(options.layers);
        const Model model = load_model(path);
        require_whole_layers(model, "fit --layers");
        models.emplace(path, with_measured_layers(measurements, model, fit_options));
    }
    if (!options.anchor.empty()) {
        const std::string path = model_file_of(options.anchor);
        const auto found = models.find(path);
        const Model model = found == models.end() ? load_model(path) : found->second;
        anchors = anchors_of(measurements, model, fit_options);
        models.insert_or_assign(path, anchored(model, anchors));
        measurements = without_anchors(std::move(measurements), model);
    }
    return models;
}

void put(OutputFile* file, const std::string& document) {
    if (file == nullptr) return;
    file->stream() << document << '\n';
    file->commit();
}

constexpr CommandText kText{
    "fit", "from measurements (CSV) to a device file",
    "MEASUREMENTS.csv [-o DEVICE.json] [--anchor MODEL.json]",
    "Fits a line per activity, and per op class for execute, by non-negative least squares, and "
    "reports R2, the leave-one-out error and what each line leaves out. Rows of a mode or of a "
    "dtype get tables of their own. The columns: activity, op, label, parameter_bytes, tensors, "
    "layers, flops, activation_bytes, requests, request_bytes, depth, state, beside, memory_kind, "
    "mode, dtype, duration_ns, cpu_ns, run; only activity and duration_ns are needed. Lines "
    "'# name: myboard', '# compute: gpu', '# capacity_bytes: 8589934592' and '# unified: true' "
    "before the header describe the board.",
    "swaplab fit measurements.csv\n"
    "swaplab fit measurements.csv -o board.json\n"
    "swaplab fit measurements.csv -o board.json --own-mode MAXN --anchor vgg19.json\n"
    "swaplab fit measurements.csv -o board.json --layers packs/vgg19"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup what = FlagGroup::what;
    flags.argument("measurements", into(options.measurements));
    flags.once(what, "--name", "NAME",
               "of the device (default: what the file says, else the stem of -o)",
               into(options.name));
    flags.once(what, "--own-mode", "NAME",
               "the operating mode whose rows are the device's own (default: rows without a mode)",
               into(options.own_mode));
    flags.once(what, "--anchor", "MODEL.json",
               "a model file that gets how long it executes as a whole, as an anchor: the mean of "
               "the execute rows labelled with the model's name, which then feed no line",
               into(options.anchor));
    flags.once(what, "--layers", "MODEL",
               "a model file or a pack whose model gets how long each of its layers executes, from "
               "the rows labelled with their names, and that it was measured on this device",
               into(options.layers));
    flags.once(FlagGroup::output, "-o,--output", "DEVICE.json",
               "the device file to write (default: none, the report only)", into(options.output));
    declare_clean(flags, options.clean);
}

// The models are written to: --anchor and --layers may name one. Of a pack nothing else is.
void check_files(const Options& options, const Console& console) {
    const std::string anchor = model_file_of(options.anchor);
    const std::string layers = model_file_of(options.layers);
    std::vector<NamedFile> inputs{{"the measurements", options.measurements}};
    for (const std::string& model : {options.anchor, options.layers})
        if (std::error_code ignored; std::filesystem::is_directory(model, ignored))
            for (NamedFile& file : files_of_pack(model))
                if (file.second != model_file_of(model)) inputs.push_back(std::move(file));
    std::vector<NamedFile> outputs{{"-o", options.output}, {"--anchor", anchor}};
    if (identity_of(layers) != identity_of(anchor)) outputs.emplace_back("--layers", layers);
    check_outputs(console, inputs, outputs, options.clean);
}

int run_fit(const Options& options, const Console& console) {
    if (options.measurements.empty())
        throw InputError("fit what? the path of a measurement file (CSV) is needed");
    check_files(options, console);
    Measurements measurements = load_measurements(options.measurements);
    const FitOptions fit_options{device_name(options, measurements), options.own_mode};
    std::map<std::string, Duration> anchors;
    const std::map<std::string, Model> models =
        models_of(options, measurements, fit_options, anchors);
    const auto device_file = open_if_asked(options.output);
    std::vector<std::unique_ptr<OutputFile>> model_files;
    for (const auto& [path, model] : models) model_files.push_back(open_if_asked(path));
    const FittedDevice fitted = fit_device(measurements, fit_options);
    put(device_file.get(), write_device(fitted.platform));
    std::size_t next = 0;
    for (const auto& [path, model] : models) put(model_files[next++].get(), write_model(model));
    console.out << (console.json ? fit_json(fitted, anchors) : fit_report(fitted, anchors));
    for (const std::string& note : fitted.notes) console.note(note);
    return exit_ok;
}

}  // namespace

CliCommand fit_command() { return {kText, declare, run_fit}; }

}  // namespace swaplab
