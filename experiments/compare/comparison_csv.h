// A comparison as rows: one per cell, all metrics in base units (ns, bytes).
#pragma once

#include <span>
#include <string>

#include "experiments/compare/comparison.h"
#include "experiments/compare/metric.h"
#include "experiments/run/result_json.h"

namespace swaplab {

// Header and rows, comparison after comparison. Figures that an infeasible or stuck cell does not
// have are empty.
std::string comparison_csv(std::span<const Comparison> comparisons);

// `swaplab/comparison/1`: an object with the results of all cells, as `run --json` writes them, and
// of replications with the leads by `metric`.
std::string comparison_json(std::span<const Comparison> comparisons,
                            const std::string& command_line, ResultSchema schema, Metric metric);

}  // namespace swaplab
