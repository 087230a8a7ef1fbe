// What is built in: the device files of profiles/devices/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/device/platform.h"

namespace swaplab {

std::vector<std::string> builtin_device_names();
// Nullopt if there is none of that name.
std::optional<Platform> builtin_device(std::string_view name);

}  // namespace swaplab
