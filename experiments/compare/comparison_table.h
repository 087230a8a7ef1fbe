// A comparison as a table for a terminal: rows are budgets, columns policies.
#pragma once

#include <string>
#include <string_view>

#include "experiments/compare/comparison.h"
#include "experiments/shell/console.h"

namespace swaplab {

enum class Metric : std::uint8_t { latency, slowdown, peak, energy };
Metric metric_named(const std::string& name);  // throws `InputError`

// The best cell of a row is marked by a '*' (and is bold with colour); '–' is infeasible. Columns
// that do not fit the width go to further panels; specs that are too long for a heading get a key.
std::string comparison_table(const Comparison& comparison, Metric metric, const Console& console);

}  // namespace swaplab
