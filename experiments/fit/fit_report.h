// What `swaplab fit` found: for people, and as JSON.
#pragma once

#include <map>
#include <string>

#include "profiles/fit/fit.h"

namespace swaplab {

// Lines with their coefficients, quality and what they leave out; then what surrounds them.
std::string fit_report(const FittedDevice& fitted, const std::map<std::string, Duration>& anchors);
std::string fit_json(const FittedDevice& fitted, const std::map<std::string, Duration>& anchors);

}  // namespace swaplab
