// A comparison as a picture: latency against budget, one line per policy.
#pragma once

#include <string>

#include "experiments/compare/comparison.h"
#include "experiments/draw/chart.h"

namespace swaplab {

// Each line begins at the policy's minimum budget where that lies within the budgets compared. The
// region in which no policy fits is shaded.
Chart comparison_chart(const Comparison& comparison);
// Of several below one another, as SVG.
std::string comparison_drawing(const std::vector<Comparison>& comparisons);

}  // namespace swaplab
