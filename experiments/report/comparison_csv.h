// A comparison as rows: one per cell, all metrics in base units (ns, bytes).
#pragma once

#include <string>

#include "experiments/comparison.h"
#include "experiments/report/certificate.h"

namespace swaplab {

// Header and rows. Figures that an infeasible or stuck cell does not have are empty.
std::string comparison_csv(const Comparison& comparison, const Certificate& certificate);

// `swaplab/comparison/1`: an object with the results of all cells, as `run --json` writes them.
std::string comparison_json(const Comparison& comparison, const Certificate& certificate);

}  // namespace swaplab
