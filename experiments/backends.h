// The backends by name. This is the one place that names `sim`, `emu` and `hw` together.
#pragma once

#include <string>

#include "policies/device.h"

namespace swaplab {

// Throws `InputError` for an unknown name, `UnsupportedError` for one that is not in this build.
DeviceFactory backend_named(const std::string& name);

// Whether the backend executes real models, so that an architecture alone is not enough.
bool executes_models(const std::string& name);

// What a result of this backend is: "simulated", "emulated" or "measured".
std::string kind_of(const std::string& backend);

}  // namespace swaplab
