// By how much the best of each row leads the next, and how sure that is.
#pragma once

#include <string>

#include "experiments/compare/leads.h"
#include "experiments/text/figures.h"
#include "profiles/document/document.h"

namespace swaplab {

// Whether there are replications to do statistics on.
bool replicated(const Comparison& comparison);

// A line per budget with more than one policy; empty without replications.
std::string lead_table(const Comparison& comparison, Metric metric,
                       const std::vector<RowLeads>& leads, const TimeUnit& unit);
// The same for programs, over all others, not the next alone: one object each.
void write_leads(JsonWriter& json, const Comparison& comparison, Metric metric);

}  // namespace swaplab
