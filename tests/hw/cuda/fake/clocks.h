// What has happened before what: vector clocks over the host (as one, since its threads hand work
// to each other under locks) and the streams. Two accesses that no call of CUDA's orders are a
// race, whichever came first this time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace swaplab::testing {

struct Epoch {
    std::size_t actor = 0;  // 0: the host
    std::uint64_t time = 0;
};

class VectorClock {
  public:
    Epoch tick(std::size_t actor) {
        if (times_.size() <= actor) times_.resize(actor + 1);
        return {actor, ++times_[actor]};
    }
    void join(const VectorClock& other) {
        if (times_.size() < other.times_.size()) times_.resize(other.times_.size());
        for (std::size_t i = 0; i < other.times_.size(); ++i)
            times_[i] = std::max(times_[i], other.times_[i]);
    }
    // Whether it knows that this has happened.
    bool knows(Epoch epoch) const {
        return epoch.actor < times_.size() && times_[epoch.actor] >= epoch.time;
    }

  private:
    std::vector<std::uint64_t> times_;
};

}  // namespace swaplab::testing
