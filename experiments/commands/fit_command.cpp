#include <filesystem>
#include <memory>
#include <optional>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/commands/commands.h"
#include "experiments/report/fit_report.h"
#include "profiles/device_file.h"
#include "profiles/error.h"
#include "profiles/model_file.h"
#include "profiles/text.h"

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
    std::optional<Model> model;
    if (!options.anchor.empty()) {
        model = load_model(options.anchor);
        anchors = anchors_of(measurements, *model, fit_options);
        model = anchored(*model, anchors);
        measurements = without_anchors(std::move(measurements), *model);
    }
    require_distinct({{"the measurements", options.measurements},
                      {"-o", options.output},
                      {"--anchor", options.anchor}});
    const auto device_file = opened(options.output);
    const auto model_file = opened(options.anchor);
    const FittedDevice fitted = fit_device(measurements, fit_options);
    put(device_file.get(), write_device(fitted.platform));
    if (model) put(model_file.get(), write_model(*model));
    console.out << (options.json ? fit_json(fitted, anchors) : fit_report(fitted, anchors));
    for (const std::string& note : fitted.notes) console.note(note);
    return exit_ok;
}

}  // namespace swaplab
