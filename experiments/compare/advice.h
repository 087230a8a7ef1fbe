// One line under a table: what to take, from where on it fits, and where more memory stops to help.
#pragma once

#include <string>

#include "experiments/compare/leads.h"

namespace swaplab {

// "A is best from 0.3x; below 0.3x only B fits; more than 0.5x buys less than 2 %".
// Empty where fewer than two budgets are ranked.
std::string advice(const Comparison& comparison, Metric metric, const std::vector<RowLeads>& leads);

}  // namespace swaplab
