// `direct` under every workload and draw, run once for all points that are compared with it.
#pragma once

#include <deque>
#include <mutex>

#include "experiments/sweep/points.h"
#include "policies/run/prepared_run.h"

namespace swaplab {

class References {
  public:
    // Borrows the points.
    References(const StudyPoints& points, const Testbed& testbed);

    // Runs it the first time that it is asked for; several threads may ask.
    const FullMemory& of(const StudyCell& cell, std::size_t draw);

  private:
    struct Once {
        std::once_flag flag;
        FullMemory reference;
    };

    const StudyPoints& points_;
    Testbed testbed_;
    std::deque<Once> all_;  // by scenario, then draw
};

}  // namespace swaplab
