// Where the error comes from: what simulation would be off by, against the same measurements, had
// it not modelled one effect.
#pragma once

#include <string>
#include <vector>

#include "experiments/validate/assessment.h"

namespace swaplab {

struct Ablation {
    std::string effect;    // what was switched off
    bool modelled = true;  // by any device or model of the studies; else nothing was run
    double median_error = 0, p95_error = 0;  // of |error of latency| without it
};

// In the order of a block's way, what costs first; the plans stay as they are. Needs a point.
std::vector<Ablation> ablate(const Assessment& assessment);

}  // namespace swaplab
