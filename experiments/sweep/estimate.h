// How long a sweep will take, from a few of its points.
#pragma once

#include <chrono>

#include "experiments/sweep/sweep.h"

namespace swaplab {

struct SweepEstimate {
    std::int64_t tried = 0;  // points that were run for it
    std::chrono::duration<double> on_one_thread{};
};

// Runs points of cells that lie evenly spread among the tasks, for about a second; records none.
SweepEstimate estimate(const StudyPoints& points, const std::vector<SweepTask>& tasks,
                       const Testbed& testbed);

}  // namespace swaplab
