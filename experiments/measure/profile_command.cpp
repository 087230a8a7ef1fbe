#include <algorithm>
#include <chrono>

#include "experiments/measure/fresh_memory.h"
#include "experiments/measure/machine.h"
#include "experiments/measure/profile_report.h"
#include "experiments/measure/profiler.h"
#include "experiments/output/output_file.h"
#include "experiments/request/backends.h"
#include "experiments/request/budget.h"
#include "experiments/request/catalog.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/scenario_flags.h"
#include "experiments/shell/values.h"
#include "hw/storage/reader.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    std::vector<ModelChoice> models;
    std::vector<DeviceChoice> devices;
    std::vector<BudgetChoice> budgets;
    std::string name;                   // of the device
    const Backend* measured = nullptr;  // absent: this machine
    double error = 0.02;
    Duration time_limit = std::chrono::seconds(120);
    bool noise = false;
    std::uint64_t seed = 0;
    BackendSetup hardware;
    std::string output = "measurements.csv";
    bool clean = false;
};

// The backend that executes models here.
const Backend& this_machine_itself() {
    return *std::ranges::find_if(backends(), &Backend::executes_models);
}

const Backend* profiled_backend(const std::string& name) {
    const Backend& backend = backend_named(name);
    if (!backend.is_profiled)
        throw UnsupportedError(
            text("--backend {}: what it does is not measured by `profile`: {}, "
                 "or {} for a rehearsal",
                 name, this_machine_itself().name, simulation().name));
    return &backend;
}

// What is measured: a device that draws from a profile, or this machine.
struct Subject {
    ModelChoice model;
    HostMachine machine;
    Platform platform;
    DeviceFactory device = nullptr;
    BackendSetup setup;
};

const Backend& measured_backend(const Options& options) {
    return options.measured == nullptr ? this_machine_itself() : *options.measured;
}

Platform platform_of(const Options& options, const HostMachine& machine) {
    const Backend& backend = measured_backend(options);
    if (backend.executes_models) {
        if (!options.devices.empty())
            throw InputError("-d: this machine is measured; a device is for --backend sim only");
        return unmeasured_platform(machine, options.name.empty() ? "here" : options.name);
    }
    if (options.devices.size() > 1) throw InputError("one -d only: one device is measured");
    if (options.devices.empty())
        throw InputError(
            text("--backend {}: a device to measure is needed: -d NAME|FILE", backend.name));
    return options.devices.front().platform;
}

// Schedules run one job or two of the model.
DeviceFactory device_of(const Options& options, const Subject& subject) {
    std::vector<DeviceFactory> by_jobs;
    BackendSetup setup = subject.setup;
    for (int jobs = 1; jobs <= 2; ++jobs) {
        setup.packs.push_back(subject.model.pack);
        by_jobs.push_back(make_device(measured_backend(options), setup));
    }
    return [by_jobs](const DeviceSetup& run) { return by_jobs.at(run.facts.size() - 1)(run); };
}

// Of a generative model the pass over its prompt, which its layers describe, tells all costs.
ModelPtr of_one_pass(const ModelPtr& model) {
    if (model->spec().tokens == 0) return model;
    ModelSpec spec = model->spec();
    spec.tokens = 0;
    return std::make_shared<const Model>(std::move(spec));
}

Subject subject_of(const Options& options) {
    if (options.models.size() != 1)
        throw InputError("one model is needed: -m DIR, a pack (`swaplab pack` makes one)");
    Subject subject;
    subject.model = options.models.front();
    subject.model.model = of_one_pass(subject.model.model);
    require_whole_layers(*subject.model.model, "profile");
    subject.machine = this_machine();
    subject.platform = platform_of(options, subject.machine);
    if (measured_backend(options).executes_models && !subject.model.pack)
        throw InputError(
            text("model '{}': measuring executes it, so a pack is needed: -m DIR "
                 "(`swaplab pack` makes one)",
                 subject.model.spec));
    subject.setup = options.hardware;
    if (!subject.setup.request_bytes)
        subject.setup.request_bytes = subject.platform.nodes.front().read.cost.request_bytes;
    if (measured_backend(options).executes_models) {
        // Reads are measured as they are set.
        if (!subject.setup.request_bytes) subject.setup.request_bytes = ReadOptions{}.request_bytes;
        if (!subject.setup.depth) subject.setup.depth = ReadOptions{}.depth;
    }
    subject.device = device_of(options, subject);
    return subject;
}

// The model's size, half of what is free at most.
Bytes memory_of(const Options& options, const Subject& subject) {
    const Model& model = *subject.model.model;
    const std::vector<BudgetChoice>& budgets = options.budgets;
    if (budgets.size() > 1) throw InputError("-b: one size only");
    if (budgets.empty()) {
        Bytes size;
        for (const Layer& layer : model.layers())
            size += align_up(std::max(layer.parameter_bytes, layer.bytes_on_storage()),
                             subject.platform.nodes.front().memory.alignment);
        if (!measured_backend(options).executes_models) return size;
        return std::min(size, Bytes{subject.machine.available.count / 2});
    }
    const auto bytes = resolve(budgets.front(), model.parameter_bytes());
    if (!bytes) throw InputError("-b: min is of a policy; expected a size such as 200MiB");
    return *bytes;
}

void describe(Measurements& measurements, const Options& options, const Subject& subject) {
    if (!options.name.empty()) measurements.name = options.name;
    if (!measured_backend(options).executes_models) return;
    if (subject.setup.depth) measurements.read_depth = *subject.setup.depth;
    for (const auto& [key, value] : subject.machine.conditions)
        measurements.conditions[key] = value;
    measurements.conditions["threads"] =
        subject.setup.threads > 0 ? text("{}", subject.setup.threads) : "the library's choice";
}

constexpr CommandText kText{
    "profile", "measure this machine with this model", "-m DIR [-o FILE.csv] [--time-limit TIME]",
    "Runs schedules of the packed model through the ordinary runner and writes what every "
    "activity took, one row per sample: reads back to back, after pauses and in parallel, "
    "assembly, execution of every layer and of blocks, release, hand-offs, each alone and beside "
    "others. `swaplab fit` makes a device of it.",
    "swaplab profile -m packs/vgg19\n"
    "swaplab profile -m packs/vgg19 -o vgg19.csv --time-limit 60s -b 200MiB\n"
    "swaplab fit vgg19.csv -o here.json --layers packs/vgg19"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup what = FlagGroup::what;
    constexpr FlagGroup how = FlagGroup::how;
    flags.often(what, "-m,--model", "DIR", "a pack", one_more_of(options.models, choose_model));
    flags.often(what, "-b,--budget", "SIZE",
                "how much memory parameters may take (default: the model's size, half of what is "
                "free at most)",
                [&options](const std::string& given) { add_budgets(options.budgets, given); });
    flags.often(what, "-d,--device", "DEVICE",
                "with --backend sim only: the device that is measured",
                one_more_of(options.devices, choose_device));
    flags.once(what, "--name", "NAME",
               "of this device (default: what fit is told, or the stem of its -o)",
               into(options.name));
    flags.once(
        how, "--backend", "BACKEND",
        text("{} (default), or {} for a rehearsal", this_machine_itself().name, simulation().name),
        into(options.measured, profiled_backend));
    flags.once(how, "--error", "SHARE",
               "measure until what every line adds to the error of a request is less (default 2%)",
               into(options.error,
                    [](const std::string& given) { return parse_share("--error", given); }));
    flags.once(how, "--time-limit", "TIME", "... or this has passed (default 120s)",
               into(options.time_limit, [](const std::string& given) {
                   return parse_positive_time("--time-limit", given);
               }));
    flags.on(how, "--noise", "with --backend sim: draw durations", options.noise);
    flags.once(how, "--seed", "N", "of --noise (default 0)",
               into(options.seed, [](const std::string& given) {
                   return static_cast<std::uint64_t>(parse_whole("--seed", 0, given));
               }));
    declare_hardware(flags, options.hardware);
    flags.once(FlagGroup::output, "-o,--output", "FILE.csv",
               "the measurements (default measurements.csv)", into(options.output));
    declare_clean(flags, options.clean);
}

void check_files(const Options& options, const Console& console) {
    Experiment read;
    read.models = options.models;
    read.devices = options.devices;
    check_outputs(console, inputs_of(read), {{"-o", options.output}}, options.clean);
}

int run_profile(const Options& options, const Console& console) {
    check_files(options, console);
    const Subject subject = subject_of(options);
    ProfileOptions profiling;
    profiling.memory = memory_of(options, subject);
    profiling.request_bytes = subject.setup.request_bytes;
    profiling.error = options.error;
    profiling.time_limit = options.time_limit;
    if (options.noise) profiling.noise = NoiseKey{options.seed, 0};
    const auto start = std::chrono::steady_clock::now();
    profiling.elapsed = [start] {
        return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
    };
    profiling.tell = [&](const std::string& what) { console.note(what); };
    if (measured_backend(options).executes_models)
        profiling.fresh = [&] {
            ReadOptions read;
            read.request_bytes = *subject.setup.request_bytes;
            read.depth = *subject.setup.depth;
            return fresh_reads(*subject.model.pack, subject.platform, read, profiling.memory);
        };
    OutputFile file(options.output);
    Profile profile =
        profile_model(subject.model.model, subject.platform, subject.device, profiling);
    describe(profile.measurements, options, subject);
    write_measurements(profile.measurements, file.stream());
    file.commit();
    profile.measurements.file = "measurements";
    const FittedDevice fitted = fit_device(profile.measurements, {subject.platform.name, ""});
    console.out << (console.json ? profile_json(profile, fitted, profiling.error)
                                 : profile_report(profile, fitted, profiling.error));
    return exit_ok;
}

}  // namespace

CliCommand profile_command() { return {kText, declare, run_profile}; }

}  // namespace swaplab
