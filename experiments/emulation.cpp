#include "experiments/emulation.h"

#include <algorithm>
#include <cmath>

#include "experiments/cli/pack_cache.h"
#include "experiments/cli/spec.h"
#include "experiments/host_pace.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Packs = std::vector<std::shared_ptr<const Pack>>;

constexpr double kSlowest = 1e6;

// --time-scale; nothing for auto.
std::optional<double> parse_time_scale(const std::string& given) {
    if (given.empty() || given == "auto") return std::nullopt;
    const std::optional<double> scale = parse_number(given);
    if (scale && *scale >= 1 / kSlowest && *scale <= kSlowest) return scale;
    throw InputError(text(
        "--time-scale: expected auto or how many times as slow as the device, such as 2.5, found "
        "'{}'",
        given));
}

std::optional<Bytes> parse_size(const char* flag, const std::string& given) {
    if (given.empty()) return std::nullopt;
    const Bytes size = parse_bytes(given);
    if (size.count <= 0)
        throw InputError(text("{}: expected a positive size, found '{}'", flag, given));
    return size;
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
                       std::optional<double> asked) {
    if (asked) return {*asked, text("{} (asked for)", *asked)};
    ReadOptions options;
    if (setup.request_bytes) options.request_bytes = align_up(*setup.request_bytes, Bytes{4096});
    if (setup.depth) options.depth = *setup.depth;
    const ReadRates device = device_rates(scenario.platform, scenario.models);
    if (device.streaming <= 0) return {1, "1 (nothing is read)"};
    const HostRates host = host_rates(packs, scenario.models, options, scenario.stop);
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

bool wants_execution(const Options& options) {
    if (options.execute.empty()) return false;
    require_known("--execute", options.execute, {"model", "torch"});
    return options.execute == "torch";
}

}  // namespace

void require_emulated(const Options& options, const std::string& backend) {
    if (backend == "emu") return;
    const std::vector<std::pair<const char*, bool>> given{
        {"--time-scale", !options.time_scale.empty()},
        {"--lateness", !options.lateness.empty()},
        {"--page-cache", options.page_cache},
        {"--execute", !options.execute.empty()},
        {"--memory-hog", !options.memory_hog.empty()},
        {"--memory-fence", !options.memory_fence.empty()},
    };
    for (const auto& [flag, present] : given)
        if (present)
            throw InputError(
                text("{}: expected backend emu, which emulates a device in real time, found '{}'",
                     flag, backend));
}

// A bare number would be nanoseconds, which nobody means.
LatenessBound parse_lateness(const std::string& given) {
    if (given.empty()) return {};
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

void prepare_emulation(Scenario& scenario, const Options& options, const Console& console) {
    require_emulated(options, scenario.backend);
    if (scenario.backend != "emu") return;
    const std::optional<double> asked = parse_time_scale(options.time_scale);
    scenario.lateness = parse_lateness(options.lateness);
    BackendSetup setup = backend_setup(options, scenario);
    // The profile's requests are what is emulated, not how this host reads best.
    const BackendSetup given = hardware_setup(options);
    setup.request_bytes = given.request_bytes;
    setup.depth = given.depth;
    setup.page_cache = options.page_cache;
    setup.memory_hog = parse_size("--memory-hog", options.memory_hog);
    setup.memory_fence = parse_size("--memory-fence", options.memory_fence);
    setup.execute = wants_execution(options);
    if (setup.execute) require_packs_to_execute(scenario);
    for (std::size_t j = 0; j < setup.packs.size(); ++j)
        if (!setup.packs[j])
            setup.packs[j] =
                cached_pack(*scenario.models[j].model, pack_cache_folder(options.pack_cache),
                            console, scenario.stop);
    const ChosenPace pace = choose_pace(scenario, setup.packs, setup, asked);
    setup.time_scale = pace.time_scale;
    setup.why_time_scale = pace.why;
    if (!asked) console.note(text("time scale {}", pace.why));
    scenario.factory = backend_named("emu", setup);
    if (asked) return;
    scenario.slower = [setup](double times) {
        BackendSetup slower = setup;
        slower.time_scale *= times;
        slower.why_time_scale += text(", and {} times as slow, since runs were late", times);
        return backend_named("emu", slower);
    };
}

}  // namespace swaplab
