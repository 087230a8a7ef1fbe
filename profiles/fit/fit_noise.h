// Noise and drift, from the spread of rows of the same work. Only the fit includes it.
#pragma once

#include <string>

#include "profiles/fit/fit_lines.h"

namespace swaplab {

// The node exists. What a line misses is no noise: where nothing was measured twice, there is none,
// and a note says so.
void fit_noise(const Measurements& measurements, const FittedLines& lines, FittedDevice& fitted);

}  // namespace swaplab
