// What words on a command line and in files stand for.
#pragma once

#include <cstdint>
#include <string_view>

#include "policies/port/device.h"
#include "policies/port/swap_path.h"
#include "policies/port/workload.h"

namespace swaplab {

// The most requests and replications, and the largest seed: a RequestId and a replication hold 32
// bits. The most repeats of a measurement.
inline constexpr std::int64_t kMostWhole = 0xFFFFFFFF;
inline constexpr std::int64_t kMostRepeats = 10'000;

// Each throws `InputError` for another word, suggesting the nearest.
ArrivalMode parse_arrival_mode(std::string_view word);  // cold, stream
Account parse_account(std::string_view word);           // all, parameters
SwapPath parse_swap_path(std::string_view word);        // zero-copy, staged, standard

}  // namespace swaplab
