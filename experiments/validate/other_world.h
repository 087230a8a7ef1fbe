// A simulated device that costs what another platform would: the plan and what the policy believes
// stay those of the run, only what happens differs.
#pragma once

#include <vector>

#include "policies/port/device.h"
#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

// `models` by JobId: the same layers with other figures; empty: those of the run.
DeviceFactory simulated_on(Platform platform, std::vector<ModelPtr> models = {});

}  // namespace swaplab
