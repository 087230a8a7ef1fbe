// What words on a command line and in files stand for.
#pragma once

#include <string_view>

#include "policies/port/device.h"
#include "policies/port/swap_path.h"
#include "policies/port/workload.h"

namespace swaplab {

// Each throws `InputError` for another word, suggesting the nearest.
ArrivalMode parse_arrival_mode(std::string_view word);  // cold, stream
Account parse_account(std::string_view word);           // all, parameters
SwapPath parse_swap_path(std::string_view word);        // zero-copy, staged, standard

}  // namespace swaplab
