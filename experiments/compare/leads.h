// Who leads in each row of a comparison, and whether that is more than chance: the star of a table
// (SEMANTICS: Replications).
#pragma once

#include <optional>
#include <vector>

#include "experiments/compare/comparison.h"
#include "experiments/compare/metric.h"
#include "experiments/statistics/paired.h"

namespace swaplab {

enum class Standing : std::uint8_t {
    none,   // behind, not ranked, or nothing is known
    leads,  // better than every other of its row
    tied,   // nobody of the row can be told to be better
};

// The best of a row against one other.
struct LeadOver {
    std::size_t other = 0;        // number of the policy
    PairedDifference difference;  // leader - other: negative where it leads
    bool real = false;
};

struct RowLeads {
    std::optional<std::size_t>
        leader;                       // the policy with the least value; none where none is ranked
    std::vector<Standing> standings;  // by policy
    std::vector<LeadOver> over;       // of replications; by policy, but for the leader
};

// The policy with the least value of a row, whether that is chance or not; none where none ran.
std::optional<std::size_t> best_of(const Comparison& comparison, std::size_t row, Metric metric);

// By row. Rows whose policies have budgets of their own are not ranked, nor are results that were
// late. A single draw of noise ranks nothing. The leads of all rows are judged together (Holm).
std::vector<RowLeads> leads_of(const Comparison& comparison, Metric metric);

}  // namespace swaplab
