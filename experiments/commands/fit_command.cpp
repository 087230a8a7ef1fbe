#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/commands/commands.h"
#include "experiments/report/fit_report.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

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

std::unique_ptr<OutputFile> opened(const std::string& path) {
    return path.empty() ? nullptr : std::make_unique<OutputFile>(path);
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

}  // namespace

int fit_command(const Options& options, const Console& console) {
    if (options.measurements.empty())
        throw InputError("fit what? the path of a measurement file (CSV) is needed");
    Measurements measurements = load_measurements(options.measurements);
    const FitOptions fit_options{device_name(options, measurements), options.own_mode};
    std::map<std::string, Duration> anchors;
    require_distinct({{"the measurements", options.measurements},
                      {"-o", options.output},
                      {"--anchor", model_file_of(options.anchor)}});
    require_distinct({{"the measurements", options.measurements},
                      {"-o", options.output},
                      {"--layers", model_file_of(options.layers)}});
    const std::map<std::string, Model> models =
        models_of(options, measurements, fit_options, anchors);
    const auto device_file = opened(options.output);
    std::vector<std::unique_ptr<OutputFile>> model_files;
    for (const auto& [path, model] : models) model_files.push_back(opened(path));
    const FittedDevice fitted = fit_device(measurements, fit_options);
    put(device_file.get(), write_device(fitted.platform));
    std::size_t next = 0;
    for (const auto& [path, model] : models) put(model_files[next++].get(), write_model(model));
    console.out << (options.json ? fit_json(fitted, anchors) : fit_report(fitted, anchors));
    for (const std::string& note : fitted.notes) console.note(note);
    return exit_ok;
}

}  // namespace swaplab
