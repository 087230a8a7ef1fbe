// What `show` tells a person about a model, a device and a policy.
#pragma once

#include <string>

#include "policies/registry.h"
#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

// Totals, the largest layers, what activations need, and a table of layers, shortened unless `all`.
std::string model_report(const Model& model, bool all);

// Every coefficient of the device file, what it means, and where it is from.
std::string device_report(const Platform& platform);

// Parameters, their values and defaults, the swap paths, the source.
std::string policy_report(const PolicyInfo& policy);
std::string policy_json(const PolicyInfo& policy);

}  // namespace swaplab
