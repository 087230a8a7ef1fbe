// Chains of equal layers, for timelines that are worked out by hand.
#pragma once

#include <cstdint>
#include <string>

#include "profiles/model/model.h"

namespace swaplab::testing {

// `layers` layers of 10 bytes in one tensor, "layer0", "layer1", ..., each reading the one before.
ModelPtr chain(const std::string& name, std::uint32_t layers);

}  // namespace swaplab::testing
