// Predicted against measured latency as a picture: one point per configuration.
#pragma once

#include <string>

#include "experiments/validate/assessment.h"

namespace swaplab {

// One marker per policy; the diagonal is where both agree, the band around it +-5 %, whiskers are
// the range of the repeats. Needs a point.
std::string draw_validation(const Assessment& assessment);

}  // namespace swaplab
