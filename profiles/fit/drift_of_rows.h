// What lasts of the spread of rows, told by how alike neighbours are. Only the fit includes it.
#pragma once

#include <optional>
#include <vector>

#include "profiles/measured/measurements.h"

namespace swaplab {

// How far a row lies from the mean of its work, relative to it.
struct Deviation {
    const Measurement* row = nullptr;
    double value = 0;
};

struct RowDrift {
    double share = 0;           // of the variance, that lasts
    double correlation_ns = 0;  // in which its correlation falls to 1/e
};

// From the autocorrelation at the distances of one row and of two: of noise alone both are 0, of a
// drift s the first is s·q and the second s·q², q = exp(-time between rows / correlation). Rows of
// one run are taken to follow one another in the order of the file (ours). Nothing where neighbours
// are no more alike than they are in all but one of a hundred measurements without a drift (2.33
// standard errors, 1/sqrt(pairs)), where there are fewer than 32 pairs, or where the drift is too
// fast to be one.
std::optional<RowDrift> drift_of_rows(const Measurements& measurements,
                                      const std::vector<Deviation>& deviations);

}  // namespace swaplab
