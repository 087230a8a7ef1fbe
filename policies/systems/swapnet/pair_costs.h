// What blocks cost and hold, by the cut between two of them: worked out once for the widest windows,
// read again for every smaller budget, whose windows lie within.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "policies/systems/swapnet/costs.h"

namespace swaplab {

class PairCosts {
  public:
    // Of blocks [i, j) with i from a first one on, and of blocks [j, k) with k from a first one on.
    struct Before {
        const std::int64_t *execute, *out, *held, *active;
    };
    struct Behind {
        const std::int64_t *in, *held, *active;
    };

    // Forgets all.
    void begin(std::uint32_t cuts);
    // Of cut j: starts from `first` on and ends from `ends.first` to `ends.second`.
    void take(const SwapnetCosts& costs, std::uint32_t j, std::uint32_t first,
              std::pair<std::uint32_t, std::uint32_t> ends);

    bool has(std::uint32_t j) const { return at_[j].taken; }
    Before before(std::uint32_t j, std::uint32_t first) const {
        const std::size_t at = at_[j].before + (first - at_[j].first_start);
        return {&execute_[at], &out_[at], &held_before_[at], &active_before_[at]};
    }
    Behind behind(std::uint32_t j, std::uint32_t first) const {
        const std::size_t at = at_[j].behind + (first - at_[j].first_end);
        return {&in_[at], &held_behind_[at], &active_behind_[at]};
    }

  private:
    struct OfCut {
        bool taken = false;
        std::uint32_t first_start = 0, first_end = 0;
        std::size_t before = 0, behind = 0;  // where its blocks begin
    };
    std::vector<OfCut> at_;
    std::vector<std::int64_t> execute_, out_, held_before_, active_before_;
    std::vector<std::int64_t> in_, held_behind_, active_behind_;
    SwapnetCosts::Columns columns_;  // scratch
};

}  // namespace swaplab
