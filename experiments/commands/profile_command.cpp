#include <algorithm>
#include <chrono>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/commands/commands.h"
#include "experiments/profiling/fresh_memory.h"
#include "experiments/profiling/machine.h"
#include "experiments/profiling/profiler.h"
#include "experiments/report/profile_report.h"
#include "experiments/scenario.h"
#include "hw/storage/reader.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A share such as 2% or 0.02.
double parse_share(const std::string& given) {
    const bool percent = given.ends_with('%');
    const auto number = parse_number(percent ? given.substr(0, given.size() - 1) : given);
    const double share = number ? *number / (percent ? 100 : 1) : 0;
    if (share > 0 && share < 1) return share;
    throw InputError(text("--error: expected a share such as 2%, found '{}'", given));
}

Duration parse_limit(const std::string& given) {
    try {
        if (const Duration limit = parse_duration(given); limit > Duration::zero()) return limit;
    } catch (const InputError& error) {
        throw InputError(text("--time-limit: {}", error.what()));
    }
    throw InputError(text("--time-limit: expected a positive time, found '{}'", given));
}

// What is measured: a device that draws from a profile, or this machine.
struct Subject {
    ModelChoice model;
    HostMachine machine;
    Platform platform;
    DeviceFactory device = nullptr;
    BackendSetup setup;
};

Platform platform_of(const Options& options, const HostMachine& machine) {
    if (executes_models(options.measured)) {
        if (!options.device.empty())
            throw InputError("-d: this machine is measured; a device is for --backend sim only");
        return unmeasured_platform(machine, options.name.empty() ? "here" : options.name);
    }
    if (options.device.empty())
        throw InputError(
            text("--backend {}: a device to measure is needed: -d NAME|FILE", options.measured));
    return choose_device(options.device);
}

// Schedules run one job or two of the model.
DeviceFactory device_of(const Options& options, const Subject& subject) {
    std::vector<DeviceFactory> by_jobs;
    BackendSetup setup = subject.setup;
    for (int jobs = 1; jobs <= 2; ++jobs) {
        setup.packs.push_back(subject.model.pack);
        by_jobs.push_back(backend_named(options.measured, setup));
    }
    return [by_jobs](const DeviceSetup& run) { return by_jobs.at(run.facts.size() - 1)(run); };
}

Subject subject_of(const Options& options) {
    if (options.models.size() != 1)
        throw InputError("one model is needed: -m DIR, a pack (`swaplab pack` makes one)");
    Subject subject;
    subject.model = choose_model(options.models.front());
    require_whole_layers(*subject.model.model, "profile");
    subject.machine = this_machine();
    subject.platform = platform_of(options, subject.machine);
    if (executes_models(options.measured) && !subject.model.pack)
        throw InputError(
            text("model '{}': measuring executes it, so a pack is needed: -m DIR "
                 "(`swaplab pack` makes one)",
                 subject.model.spec));
    subject.setup = hardware_setup(options);
    if (!subject.setup.request_bytes)
        subject.setup.request_bytes = subject.platform.nodes.front().read.cost.request_bytes;
    if (executes_models(options.measured)) {
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
    const std::vector<BudgetChoice> budgets = parse_budgets(options.budgets);
    if (budgets.size() > 1) throw InputError("-b: one size only");
    if (budgets.empty()) {
        Bytes size;
        for (const Layer& layer : model.layers())
            size += align_up(std::max(layer.parameter_bytes, layer.bytes_on_storage()),
                             subject.platform.nodes.front().memory.alignment);
        if (!executes_models(options.measured)) return size;
        return std::min(size, Bytes{subject.machine.available.count / 2});
    }
    const auto bytes = resolve(budgets.front(), model.parameter_bytes());
    if (!bytes) throw InputError("-b: min is of a policy; expected a size such as 200MiB");
    return *bytes;
}

void describe(Measurements& measurements, const Options& options, const Subject& subject) {
    if (!options.name.empty()) measurements.name = options.name;
    if (!executes_models(options.measured)) return;
    if (subject.setup.depth) measurements.read_depth = *subject.setup.depth;
    for (const auto& [key, value] : subject.machine.conditions)
        measurements.conditions[key] = value;
    measurements.conditions["threads"] =
        subject.setup.threads > 0 ? text("{}", subject.setup.threads) : "the library's choice";
}

}  // namespace

int profile_command(const Options& options, const Console& console) {
    const Subject subject = subject_of(options);
    ProfileOptions profiling;
    profiling.memory = memory_of(options, subject);
    profiling.request_bytes = subject.setup.request_bytes;
    profiling.error = parse_share(options.error);
    profiling.time_limit = parse_limit(options.time_limit);
    if (options.noise) profiling.noise = NoiseKey{parse_seed(options.seed), 0};
    const auto start = std::chrono::steady_clock::now();
    profiling.elapsed = [start] {
        return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
    };
    profiling.tell = [&](const std::string& what) { console.note(what); };
    if (executes_models(options.measured))
        profiling.fresh = [&] {
            ReadOptions read;
            read.request_bytes = *subject.setup.request_bytes;
            read.depth = *subject.setup.depth;
            return fresh_reads(*subject.model.pack, subject.platform, read, profiling.memory);
        };
    OutputFile file(options.output.empty() ? "measurements.csv" : options.output);
    Profile profile =
        profile_model(subject.model.model, subject.platform, subject.device, profiling);
    describe(profile.measurements, options, subject);
    write_measurements(profile.measurements, file.stream());
    file.commit();
    profile.measurements.file = "measurements";
    const FittedDevice fitted = fit_device(profile.measurements, {subject.platform.name, ""});
    console.out << (options.json ? profile_json(profile, fitted, profiling.error)
                                 : profile_report(profile, fitted, profiling.error));
    return exit_ok;
}

}  // namespace swaplab
