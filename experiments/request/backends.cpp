#include "experiments/request/backends.h"

#include <array>

#include "emu/emu_backend.h"
#include "experiments/request/cache_folder.h"
#include "experiments/text/spec.h"
#include "hw/cpu_backend.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"

namespace swaplab {

namespace {

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
    if (setup.execute) options.executing_with = torch_environment(setup.threads);
    CpuOptions executing;
    executing.threads = setup.threads;
    return make_emu_backend(setup.packs, options, make_virtual_device,
                            setup.execute ? torch_executors(setup.packs, executing) : nullptr);
}

DeviceFactory executed(const BackendSetup& setup) {
    CpuOptions options;
    options.threads = setup.threads;
    options.verify = setup.verify;
    options.verified = cache_file("verified");
    options.request_bytes = setup.request_bytes;
    options.depth = setup.depth;
    return make_cpu_backend(setup.packs, options);
}

constexpr std::array<Backend, 4> kBackends{{
    {.name = "sim", .kind = "simulated", .help = "", .make = simulated},
    {.name = "emu",
     .kind = "emulated",
     .help = "the device's pace, memory and rules in real time, on this machine",
     .real_time = true,
     .keeps_a_pace = true,
     .make = emulated},
    {.name = "cpu",
     .kind = "measured",
     .help = "this machine itself, executing packed models",
     .real_time = true,
     .executes_models = true,
     .has_memory_kinds = false,
     .changes_modes = false,
     .has_frozen_reference = true,
     .make = executed},
    {.name = "cuda",
     .kind = "measured",
     .help = "",
     .real_time = true,
     .executes_models = true,
     .changes_modes = false},
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

void require_built(const Backend& backend) {
    if (backend.make == nullptr)
        throw UnsupportedError(text("backend '{}' is not in this build yet", backend.name));
}

DeviceFactory make_device(const Backend& backend, const BackendSetup& setup) {
    require_built(backend);
    return backend.make(setup);
}

}  // namespace swaplab
