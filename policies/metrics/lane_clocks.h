// When a lane has room, by every clock of StallClocks. Commands of one lane start in the order of
// submission.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "policies/port/verbs.h"

namespace swaplab {

// One without waits for memory, and one for each verb of a way in that is left out as well.
inline constexpr std::size_t kStallClocks = 1 + kSwapInVerbs;
// In ns from the first arrival; whole numbers, exact for the first 104 days (2^53 ns). Doubles,
// since every processor has the greater of two of them side by side, and of integers of this size
// few.
struct alignas(16) ClockInstants : std::array<double, kStallClocks> {};

inline void raise(ClockInstants& to, const ClockInstants& from) {
    for (std::size_t c = 0; c < kStallClocks; ++c) to[c] = to[c] > from[c] ? to[c] : from[c];
}

class LaneClocks {
  public:
    // `lasts`: in how many of the clocks its commands take time, the first ones.
    LaneClocks(std::uint32_t width, std::size_t lasts) : several_(width > 1) {
        for (std::size_t c = 0; c < lasts; ++c) lasts_[c] = 1;
        if (width > 1) slots_.assign(lasts, Slots(width));
    }

    // Raises each instant to when the lane has room. Where its commands take no time it always has,
    // but in their order.
    void wait(ClockInstants& start) const {
        raise(start, last_);
        if (several_) wait_for_slots(start);
    }
    // What then has a slot of it from `start` on, for `length`; makes it the ends.
    void occupy(ClockInstants& start, double length) {
        if (several_) last_ = start;
        for (std::size_t c = 0; c < kStallClocks; ++c) start[c] += lasts_[c] * length;
        if (several_)
            take_slots(start);
        else
            last_ = start;
    }

  private:
    [[gnu::noinline]] void wait_for_slots(ClockInstants& start) const {
        for (std::size_t c = 0; c < slots_.size(); ++c)
            start[c] = std::max(start[c], slots_[c].first());
    }
    [[gnu::noinline]] void take_slots(const ClockInstants& ends) {
        for (std::size_t c = 0; c < slots_.size(); ++c) slots_[c].take_first_until(ends[c]);
    }

    // When each slot is free, sorted, in a ring: what starts later mostly ends later, too.
    class Slots {
      public:
        explicit Slots(std::uint32_t count)
            : free_(std::bit_ceil(count)), mask_(std::bit_ceil(count) - 1), count_(count) {}

        double first() const { return free_[head_ & mask_]; }
        void take_first_until(double end) {
            ++head_;
            std::uint32_t place = head_ + count_ - 1;
            for (; place != head_ && free_[(place - 1) & mask_] > end; --place)
                free_[place & mask_] = free_[(place - 1) & mask_];
            free_[place & mask_] = end;
        }

      private:
        std::vector<double> free_;
        std::uint32_t mask_, count_, head_ = 0;
    };

    ClockInstants last_{};   // of one slot: its end; of several: the last start
    ClockInstants lasts_{};  // 1 where its commands take time, else 0
    bool several_;
    std::vector<Slots> slots_;  // of several: by clock in which its commands take time
};

}  // namespace swaplab
