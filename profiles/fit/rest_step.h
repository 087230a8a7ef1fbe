// After how long a rest storage takes longer, and by how much. Only the fit includes it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace swaplab {

// A read after a rest: how much longer it took than one without (may be negative).
struct Rest {
    double gap = 0;    // ns
    double extra = 0;  // ns
    double weight = 1;  // of its square
};

struct RestStep {
    double gap = 0;    // ns
    double extra = 0;  // ns, > 0
    std::int64_t rows = 0;
};

// The step 0 below `gap`, `extra` from there on, that leaves the least sum of squares; `gap` is the
// shortest rest beyond the step. Nothing where no step is there: `extra` must exceed three of its
// standard errors.
std::optional<RestStep> rest_step(std::vector<Rest> rests);

}  // namespace swaplab
