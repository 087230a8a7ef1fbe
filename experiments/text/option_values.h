// Values of the options of models and sources.
#pragma once

#include <cstdint>
#include <string>

#include "profiles/base/units.h"

namespace swaplab {

// Options of what `whose` names ("model 'vgg19:deadline=0ms'"). Throw `InputError`.
Duration parse_positive_duration(const std::string& whose, const std::string& key,
                                 const std::string& value);
std::int64_t parse_whole_number(const std::string& whose, const std::string& key,
                                const std::string& value);

}  // namespace swaplab
