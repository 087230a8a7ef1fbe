#include "experiments/backends.h"

#include "emu/emu_backend.h"
#include "experiments/cli/spec.h"
#include "hw/cpu_backend.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"

namespace swaplab {

bool executes_models(const std::string& name) { return name == "cpu" || name == "cuda"; }

bool is_real_time(const std::string& name) { return name != "sim"; }

namespace {

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
    CpuOptions executing;
    executing.threads = setup.threads;
    return make_emu_backend(setup.packs, options, make_virtual_device,
                            setup.execute ? torch_executors(setup.packs, executing) : nullptr);
}

}  // namespace

DeviceFactory backend_named(const std::string& name, const BackendSetup& setup) {
    require_known("backend", name, {"sim", "emu", "cpu", "cuda"});
    if (name == "sim") return make_sim_device;
    if (name == "cpu") {
        CpuOptions options;
        options.threads = setup.threads;
        options.verify = setup.verify;
        options.request_bytes = setup.request_bytes;
        options.depth = setup.depth;
        return make_cpu_backend(setup.packs, options);
    }
    if (name == "emu") return emulated(setup);
    throw UnsupportedError(text("backend '{}' is not in this build yet", name));
}

std::string kind_of(const std::string& backend) {
    if (backend == "sim") return "simulated";
    return backend == "emu" ? "emulated" : "measured";
}

}  // namespace swaplab
