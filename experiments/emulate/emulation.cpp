#include "experiments/emulate/emulation.h"

#include <algorithm>
#include <cmath>

#include "experiments/emulate/host_pace.h"
#include "experiments/pack/pack_cache.h"
#include "experiments/shell/interrupt.h"
#include "experiments/shell/values.h"
#include "experiments/text/spec.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Packs = std::vector<std::shared_ptr<const Pack>>;

constexpr double kSlowest = 1e6;

// --time-scale; nothing for auto.
std::optional<double> parse_time_scale(const std::string& given) {
    if (given == "auto") return std::nullopt;
    const std::optional<double> scale = parse_number(given);
    if (scale && *scale >= 1 / kSlowest && *scale <= kSlowest) return scale;
    throw InputError(text(
        "--time-scale: expected auto or how many times as slow as the device, such as 2.5, found "
        "'{}'",
        given));
}

std::string rate_text(double bytes_per_second) {
    return text("{}/s", format_bytes({std::llround(bytes_per_second)}));
}

// How a run is paced, for people: a condition of its result.
struct ChosenPace {
    double time_scale = 1;
    std::string why;
};

ChosenPace choose_pace(const Scenario& scenario, const Packs& packs, const BackendSetup& setup,
                       std::optional<double> asked, const std::atomic<bool>* stop) {
    if (asked) return {*asked, text("{} (asked for)", *asked)};
    ReadOptions options;
    if (setup.request_bytes) options.request_bytes = align_up(*setup.request_bytes, Bytes{4096});
    if (setup.depth) options.depth = *setup.depth;
    const ReadRates device = device_rates(scenario.device.platform, scenario.models);
    if (device.streaming <= 0) return {1, "1 (nothing is read)"};
    const HostRates host = host_rates(packs, scenario.models, options, stop);
    const double for_reads = pace_for(device, host.rates);
    const double for_short_runs = pace_for_short_runs(scenario.parameter_bytes(), device.streaming);
    const double scale = std::max(for_reads, for_short_runs);
    return {
        scale,
        text("{} (auto: the device reads {} at most and this host {}, block by block {} and "
             "{}; measured: {}{})",
             scale, rate_text(device.streaming), rate_text(host.rates.streaming),
             rate_text(device.by_unit), rate_text(host.rates.by_unit), host.how,
             for_short_runs > for_reads
                 ? text("; {} would do, but requests are so short that lateness counts", for_reads)
                 : "")};
}

void require_packs_to_execute(const Scenario& scenario) {
    for (const ModelChoice& choice : scenario.models) {
        require_whole_layers(*choice.model, "--execute torch");
        if (!choice.pack || choice.pack->index().inputs.empty())
            throw InputError(
                text("--execute torch: expected a packed model (`swaplab pack MODEL.pt -o DIR`), "
                     "'{}' is none",
                     choice.spec));
    }
}

// The packs, made where there are none, and what real storage is read with: what is emulated is the
// profile's requests, not how this host reads best.
BackendSetup emulated_setup(const Scenario& scenario, const BackendSetup& hardware,
                            const EmulationOptions& options, const Console& console,
                            const std::atomic<bool>* stop) {
    BackendSetup setup = hardware;
    for (const ModelChoice& choice : scenario.models) setup.packs.push_back(choice.pack);
    setup.page_cache = options.page_cache;
    setup.memory_hog = options.memory_hog;
    setup.memory_fence = options.memory_fence;
    setup.execution = options.execution;
    if (setup.execution == "torch") require_packs_to_execute(scenario);
    for (std::size_t j = 0; j < setup.packs.size(); ++j)
        if (!setup.packs[j])
            setup.packs[j] = cached_pack(*scenario.models[j].model,
                                         pack_cache_folder(options.pack_cache), console, stop);
    return setup;
}

Testbed emulated_testbed(const Scenario& scenario, BackendSetup setup, const ChosenPace& pace,
                         bool free_pace) {
    const Backend& backend = *scenario.backend;
    setup.time_scale = pace.time_scale;
    setup.why_time_scale = pace.why;
    Testbed testbed{make_device(backend, setup)};
    if (!free_pace) return testbed;
    testbed.slower = [setup, &backend](double times) {
        BackendSetup slower = setup;
        slower.time_scale *= times;
        slower.why_time_scale += text(", and {} times as slow, since runs were late", times);
        return make_device(backend, slower);
    };
    return testbed;
}

// With the packs that the models came from, and what the device's profile says of reads.
BackendSetup plain_setup(const Scenario& scenario, const BackendSetup& hardware,
                         const EmulationOptions& options) {
    const ReadSpec& read = scenario.device.platform.nodes.front().read;
    BackendSetup setup = hardware;
    setup.execution = options.execution;
    for (const ModelChoice& choice : scenario.models) setup.packs.push_back(choice.pack);
    if (!setup.request_bytes) setup.request_bytes = read.cost.request_bytes;
    if (!setup.depth && read.depth) setup.depth = static_cast<std::uint32_t>(*read.depth);
    return setup;
}

// Remembers, too, that the flag was given.
Take noted(EmulationOptions& options, const char* flag, Take take) {
    return [&options, flag, take = std::move(take)](const std::string& given) {
        take(given);
        options.given.emplace_back(flag);
    };
}

Take size_into(EmulationOptions& options, const char* flag, std::optional<Bytes>& size) {
    return noted(options, flag, into(size, [flag](const std::string& given) {
                     return parse_positive_size(flag, given);
                 }));
}

std::string parse_execution(const std::string& given) {
    require_known("--execute", given, known_executions());
    return given;
}

void require_execution(const std::string& asked, const Backend& backend) {
    if (asked.empty() || std::ranges::find(backend.executions, asked) != backend.executions.end())
        return;
    std::vector<std::string_view> others;
    for (const Backend& other : backends())
        if (std::ranges::find(other.executions, asked) != other.executions.end())
            others.push_back(other.name);
    throw InputError(text("--execute: expected backend {} for {}, found '{}'", others.front(),
                          asked, backend.name));
}

}  // namespace

void declare_emulation(Flags& flags, EmulationOptions& options) {
    constexpr FlagGroup how = FlagGroup::how;
    flags.once(how, "--time-scale", "N",
               "of emu: so many times as slow as the device; auto (default): as fast as this "
               "host's storage can while it reads 1.5 times what the profile asks for, and not "
               "faster than real time",
               noted(options, "--time-scale", into(options.time_scale, parse_time_scale)));
    flags.once(how, "--lateness", "BOUND",
               "of emu: a run in which more than 5 % of a lane's activities end later than this, "
               "in the device's time, is invalid: a share of the mean latency (default 1%), or "
               "500us",
               noted(options, "--lateness", into(options.lateness, parse_lateness)));
    flags.on(how, "--page-cache",
             "of emu: reads go through the host's page cache and stay in it; a run starts with "
             "none of the pack there",
             options.page_cache);
    flags.once(how, "--execute", "HOW",
               "of emu: model (default) keeps the time that the profile gives; torch really "
               "executes a packed model within it. Of a GPU: checksum (default) compares every "
               "layer's bytes with the pack's; spin takes its FLOPs, too",
               into(options.execution, parse_execution));
    flags.once(how, "--memory-hog", "SIZE",
               "of emu: another program that takes and touches so much memory meanwhile",
               size_into(options, "--memory-hog", options.memory_hog));
    flags.once(how, "--memory-fence", "SIZE",
               "of emu: a cgroup's limit, as a second fence around the run",
               size_into(options, "--memory-fence", options.memory_fence));
    flags.once(how, "--pack-cache", "DIR",
               "of emu: where packs made for models without one are kept (default "
               "~/.cache/swaplab/packs)",
               into(options.pack_cache));
}

void require_emulated(const EmulationOptions& options, const Backend& backend) {
    require_execution(options.execution, backend);
    if (backend.keeps_a_pace) return;
    std::vector<std::string_view> given = options.given;
    if (options.page_cache) given.emplace_back("--page-cache");
    if (given.empty()) return;
    throw InputError(
        text("{}: expected backend emu, which emulates a device in real time, found '{}'",
             given.front(), backend.name));
}

// A bare number would be nanoseconds, which nobody means.
LatenessBound parse_lateness(const std::string& given) {
    if (given.ends_with('%')) {
        const auto share = parse_number(given.substr(0, given.size() - 1));
        if (share && *share > 0 && *share <= 1000) return {*share / 100, std::nullopt};
    } else if (!parse_number(given)) {
        try {
            const Duration time = parse_duration(given);
            if (time > Duration::zero()) return {0, time};
        } catch (const InputError&) {  // said below
        }
    }
    throw InputError(
        text("--lateness: expected a share of the mean latency such as 1%, or a time such as "
             "500us, found '{}'",
             given));
}

Testbed testbed_for(const Scenario& scenario, const BackendSetup& hardware,
                    const EmulationOptions& options, const Console& console) {
    const Backend& backend = *scenario.backend;
    require_emulated(options, backend);
    const std::atomic<bool>* const stop = backend.real_time ? stop_on_interrupt() : nullptr;
    Testbed testbed;
    if (backend.keeps_a_pace) {
        const BackendSetup setup = emulated_setup(scenario, hardware, options, console, stop);
        const ChosenPace pace = choose_pace(scenario, setup.packs, setup, options.time_scale, stop);
        if (!options.time_scale) console.note(text("time scale {}", pace.why));
        testbed = emulated_testbed(scenario, setup, pace, !options.time_scale);
    } else {
        testbed.device = make_device(backend, plain_setup(scenario, hardware, options));
    }
    testbed.stop = stop;
    return testbed;
}

}  // namespace swaplab
