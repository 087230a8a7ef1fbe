// --knee: from which budget on a policy is as good as it gets, found by bisection.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/compare/metric.h"
#include "experiments/request/cells.h"
#include "profiles/document/document.h"

namespace swaplab {

// Between two budgets that are next to each other the metric falls by more than a twentieth.
struct Jump {
    Bytes low, high;
    double before = 0, after = 0;
};

struct Knee {
    std::string policy;
    std::string refusal;              // why it cannot be run here; else empty
    Bytes minimum;                    // the smallest budget with a plan
    std::vector<std::string> layers;  // that force it
    double at_minimum = 0;            // the metric there
    Bytes enough;  // the smallest budget within the share of the best, to the resolution
    double at_enough = 0;
    double best = 0;           // with plenty of memory
    std::optional<Jump> jump;  // the largest
    std::string waits_for;     // just below `enough`: the cause of most of its stalls
    std::int64_t runs = 0;
};

struct KneeRequest {
    const Scenario& scenario;
    const Testbed& testbed;
    const std::vector<PolicyChoice>& policies;
    Metric metric;
    double share = 0.01;  // of the best; budgets are told apart to this share of the parameters
};

// Of every policy that takes a budget. What a policy does with more memory is taken to be no worse,
// as SEMANTICS says of most; where it is, the budget found may be one of several.
std::vector<Knee> knees_of(const KneeRequest& request);

std::string knee_report(const std::vector<Knee>& knees, const KneeRequest& request);
void write_knees(JsonWriter& json, const std::vector<Knee>& knees, const KneeRequest& request);

}  // namespace swaplab
