// What `profile` tells about its measurements.
#pragma once

#include <string>

#include "experiments/measure/profiler.h"
#include "profiles/fit/fit.h"

namespace swaplab {

// `fitted`: the device that the measurements give, for the errors of its lines.
std::string profile_report(const Profile& profile, const FittedDevice& fitted, double error);
std::string profile_json(const Profile& profile, const FittedDevice& fitted, double error);

}  // namespace swaplab
