#include "experiments/backends.h"

#include "experiments/cli/spec.h"
#include "hw/cpu_backend.h"
#include "profiles/error.h"
#include "profiles/text.h"
#include "sim/sim_device.h"

namespace swaplab {

bool executes_models(const std::string& name) { return name == "cpu" || name == "cuda"; }

bool is_real_time(const std::string& name) { return name != "sim"; }

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
    throw UnsupportedError(text("backend '{}' is not in this build yet", name));
}

std::string kind_of(const std::string& backend) {
    if (backend == "sim") return "simulated";
    return backend == "emu" ? "emulated" : "measured";
}

}  // namespace swaplab
