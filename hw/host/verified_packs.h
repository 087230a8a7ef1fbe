// Parameters are checked before they are executed: a damaged byte is no other model.
#pragma once

#include <string>

#include "hw/storage/pack.h"

namespace swaplab {

// All packs (`verify_once`), and how that was, for people: "verified before the run".
// `at_each_read`: they are once more, whenever they come in.
std::string verify_packs(const JobPacks& packs, const std::string& memory, bool at_each_read);

}  // namespace swaplab
