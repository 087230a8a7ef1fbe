#include "experiments/request/backends.h"

#include <algorithm>
#include <array>

#include "emu/emu_backend.h"
#include "experiments/request/cache_folder.h"
#include "experiments/text/spec.h"
#include "hw/cpu_backend.h"
#include "hw/cuda/cuda_backend.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"

namespace swaplab {

namespace {

constexpr std::string_view kTorch = "torch";
constexpr std::string_view kSpin = "spin";
constexpr std::array<std::string_view, 2> kPaced{"model", kTorch};
constexpr std::array<std::string_view, 2> kOwnKernels{"checksum", kSpin};

DeviceFactory simulated(const BackendSetup&) { return make_sim_device; }

DeviceFactory emulated(const BackendSetup& setup) {
    EmuOptions options;
    options.time_scale = setup.time_scale;
    options.why_time_scale = setup.why_time_scale;
    options.page_cache = setup.page_cache;
    options.verify = setup.verify;
    options.request_bytes = setup.request_bytes;
    options.depth = setup.depth;
    options.memory_hog = setup.memory_hog;
    options.memory_fence = setup.memory_fence;
    options.verified = cache_file("verified");
    const bool executes = setup.execution == kTorch;
    if (executes) options.executing_with = torch_environment(setup.threads);
    CpuOptions executing;
    executing.threads = setup.threads;
    return make_emu_backend(setup.packs, options, make_virtual_device,
                            executes ? torch_executors(setup.packs, executing) : nullptr);
}

CpuOptions host_options(const BackendSetup& setup) {
    CpuOptions options;
    options.threads = setup.threads;
    options.verify = setup.verify;
    options.verified = cache_file("verified");
    options.request_bytes = setup.request_bytes;
    options.depth = setup.depth;
    return options;
}

DeviceFactory executed(const BackendSetup& setup) {
    return make_cpu_backend(setup.packs, host_options(setup));
}

DeviceFactory on_gpu(const BackendSetup& setup) {
    return make_cuda_backend(setup.packs, {host_options(setup), setup.execution == kSpin});
}

constexpr std::array<Backend, 4> kBackends{{
    {.name = "sim", .kind = "simulated", .help = "", .is_profiled = true, .make = simulated},
    {.name = "emu",
     .kind = "emulated",
     .help = "the device's pace, memory and rules in real time, on this machine",
     .real_time = true,
     .keeps_a_pace = true,
     .executions = kPaced,
     .make = emulated},
    {.name = "cpu",
     .kind = "measured",
     .help = "this machine itself, executing packed models",
     .real_time = true,
     .executes_models = true,
     .has_memory_kinds = false,
     .changes_modes = false,
     .has_frozen_reference = true,
     .is_profiled = true,
     .make = executed},
    {.name = "cuda",
     .kind = "measured",
     .help = "an NVIDIA GPU, executing packs with kernels of our own",
     .real_time = true,
     .executes_models = true,
     .takes_any_pack = true,
     .changes_modes = false,
     .executions = kOwnKernels,
     .make = on_gpu},
}};

}  // namespace

std::span<const Backend> backends() { return kBackends; }

const Backend& backend_named(std::string_view name) {
    std::vector<std::string> names;
    for (const Backend& backend : kBackends) {
        if (backend.name == name) return backend;
        names.emplace_back(backend.name);
    }
    throw InputError(text("unknown backend '{}'{}", name, suggestion(name, names)));
}

std::vector<std::string> known_executions() {
    std::vector<std::string> known;
    for (const Backend& backend : kBackends)
        for (const std::string_view execution : backend.executions) known.emplace_back(execution);
    return known;
}

void require_built(const Backend& backend) {
    if (backend.make == nullptr)
        throw UnsupportedError(text("backend '{}' is not in this build yet", backend.name));
}

DeviceFactory make_device(const Backend& backend, const BackendSetup& setup) {
    require_built(backend);
    return backend.make(setup);
}

}  // namespace swaplab
