// How late the activities of every lane ended, on the wall clock.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "policies/port/device.h"
#include "policies/port/evidence.h"
#include "profiles/base/durations.h"

namespace swaplab {

class LatenessLog {
  public:
    void add(Lane lane, Duration late) {
        lanes_[static_cast<std::size_t>(lane)].push_back(std::max(late, Duration{}));
    }
    // Lanes on which nothing ended are left out.
    std::vector<LaneLateness> summary() const;

  private:
    std::array<Durations, kLanes + 1> lanes_;
};

}  // namespace swaplab
