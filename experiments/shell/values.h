// What flags make of numbers, sizes, times and shares. Each throws `InputError` naming the flag,
// what was expected and what was found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "experiments/request/words.h"
#include "profiles/base/units.h"

namespace swaplab {

std::int64_t parse_whole(std::string_view flag, std::int64_t least, const std::string& given,
                         std::int64_t most = kMostWhole);
Bytes parse_positive_size(std::string_view flag, const std::string& given);
Duration parse_positive_time(std::string_view flag, const std::string& given);
// 2% or 0.02, between 0 and 1.
double parse_share(std::string_view flag, const std::string& given);

}  // namespace swaplab
