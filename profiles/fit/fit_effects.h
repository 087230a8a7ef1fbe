// What surrounds the lines of a fit. Only the fit includes it.
#pragma once

#include <string>

#include "profiles/fit/fit_lines.h"

namespace swaplab {

// Parallel reads, contention, idleness, fresh memory and the scales of modes, from the rows that
// feed no line. The node and its modes exist. Throws `InputError` if there is nothing to compare a
// row with.
void fit_effects(const Measurements& measurements, const std::string& own_mode,
                 const FittedLines& lines, FittedDevice& fitted);

}  // namespace swaplab
