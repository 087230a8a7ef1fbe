// A comparison as a table for a terminal: rows are budgets, columns policies.
#pragma once

#include <string>
#include <string_view>

#include "experiments/compare/comparison.h"
#include "experiments/compare/metric.h"
#include "experiments/shell/console.h"

namespace swaplab {

// The best cell of a row is marked by a '*' (and is bold with colour) where its lead is more than
// chance (leads.h), those that cannot be told from it by a '='; '–' is infeasible. Of replications
// each figure has half of its 95 % interval beside it, and the leads have a table of their own.
// Columns that do not fit the width go to further panels; specs that are too long for a heading get
// a key. The last line before the notes is advice.
std::string comparison_table(const Comparison& comparison, Metric metric, const Console& console);
// Several below one another.
std::string comparison_tables(const std::vector<Comparison>& comparisons, Metric metric,
                              const Console& console);

}  // namespace swaplab
