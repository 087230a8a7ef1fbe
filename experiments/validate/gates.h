// Gates: what a validation has to reach. `median=3%,p95=7%,tau=0.95`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/validate/assessment.h"

namespace swaplab {

struct Gate {
    std::string name;    // "median"
    std::string what;    // "median error of latency"
    std::string wanted;  // as it was asked for: "3%"
    double limit = 0;    // in what `value` is in
    bool at_least = false;
    bool asked = true;            // not a default that is only shown
    std::optional<double> value;  // absent: there was nothing to tell it by, which is a miss
    bool met() const { return value && (at_least ? *value >= limit : *value <= limit); }
    std::string value_text() const;  // "2.1 %"
};

// Throws `InputError` for an unknown name, a name that comes twice, or a value that is none. Empty:
// the figures that TARGETS asks for, `asked` false.
std::vector<Gate> parse_gates(const std::string& list);

// Fills in the values.
void judge(std::vector<Gate>& gates, const Assessment& assessment);

}  // namespace swaplab
