// A validation for people, as JSON (`swaplab/validation/1`) and as CSV.
#pragma once

#include <string>
#include <vector>

#include "experiments/validate/ablation.h"
#include "experiments/validate/assessment.h"
#include "experiments/validate/gates.h"

namespace swaplab {

struct Validation {
    std::vector<Study> studies;
    Assessment assessment;  // borrows them
    std::vector<Ablation> ablations;
    std::vector<Gate> gates;
    std::string command_line;  // that can be run again
};

std::string validation_report(const Validation& validation);
std::string validation_json(const Validation& validation);
// One row per configuration and repeat, `direct` among them.
std::string validation_csv(const Validation& validation);

}  // namespace swaplab
