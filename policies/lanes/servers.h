// A lane in planning time: several servers that take work in order of submission.
#pragma once

#include <algorithm>
#include <vector>

#include "profiles/base/units.h"

namespace swaplab {

class Servers {
  public:
    explicit Servers(std::uint32_t count) : free_at_(count) {}

    // When work that is ready at `ready` has been done; it starts no earlier than what came before.
    Duration serve(Duration ready, Duration work) {
        Duration& server = *std::min_element(free_at_.begin(), free_at_.end());
        started_ = std::max({ready, server, started_});
        server = started_ + work;
        return server;
    }

  private:
    std::vector<Duration> free_at_;
    Duration started_{};
};

}  // namespace swaplab
