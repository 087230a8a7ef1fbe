#include "experiments/backends.h"

#include "experiments/cli/spec.h"
#include "profiles/error.h"
#include "profiles/text.h"
#include "sim/sim_device.h"

namespace swaplab {

bool executes_models(const std::string& name) { return name == "cpu" || name == "cuda"; }

DeviceFactory backend_named(const std::string& name, const BackendSetup&) {
    require_known("backend", name, {"sim", "emu", "cpu", "cuda"});
    if (name == "sim") return make_sim_device;
    throw UnsupportedError(text("backend '{}' is not in this build yet", name));
}

std::string kind_of(const std::string& backend) {
    if (backend == "sim") return "simulated";
    return backend == "emu" ? "emulated" : "measured";
}

}  // namespace swaplab
