// When a lane has room, by every clock of StallClocks. Commands of one lane start in the order of
// submission.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "policies/port/verbs.h"

namespace swaplab {

// One without waits for memory, and one for each verb of a way in that is left out as well.
inline constexpr std::size_t kStallClocks = 1 + kSwapInVerbs;

// An instant of each clock, in ns from the first arrival; whole numbers, exact for the first 104
// days (2^53 ns). Doubles, since every processor has the greater of two of them side by side, and
// of integers of this size few. They are read and written as pairs only where it matters: a pair
// that is read right after a half of it was written waits for the store.
class ClockInstants {
  public:
    ClockInstants() : ClockInstants(0) {}
    explicit ClockInstants(double everywhere) {
        for (Pair& pair : pairs_) pair = Pair{everywhere, everywhere};
    }

    double operator[](std::size_t clock) const { return pairs_[clock / 2][clock % 2]; }
    void set(std::size_t clock, double instant) { pairs_[clock / 2][clock % 2] = instant; }
    // Each to the later of the two.
    void raise(const ClockInstants& to) {
        for (std::size_t p = 0; p < kPairs; ++p)
            pairs_[p] = pairs_[p] > to.pairs_[p] ? pairs_[p] : to.pairs_[p];
    }
    // Each by `length` times that of the clock's factor.
    void pass(double length, const ClockInstants& factors) {
        const Pair lengths{length, length};
        for (std::size_t p = 0; p < kPairs; ++p) pairs_[p] += lengths * factors.pairs_[p];
    }

  private:
    using Pair [[gnu::vector_size(2 * sizeof(double))]] = double;
    static constexpr std::size_t kPairs = (kStallClocks + 1) / 2;

    std::array<Pair, kPairs> pairs_;
};

class LaneClocks {
  public:
    // `lasts`: in how many of the clocks its commands take time, the first ones.
    LaneClocks(std::uint32_t width, std::size_t lasts) : several_(width > 1) {
        for (std::size_t c = 0; c < lasts; ++c) lasts_.set(c, 1);
        if (width > 1) slots_.assign(lasts, Slots(width));
    }

    // Raises each instant to when the lane has room. Where its commands take no time it always has,
    // but in their order.
    void wait(ClockInstants& start) const {
        start.raise(last_);
        if (several_) start.raise(room_);
    }
    // What then has a slot of it from `start` on, for `length`; makes it the ends.
    void occupy(ClockInstants& start, double length) {
        if (several_) last_ = start;
        start.pass(length, lasts_);
        if (several_)
            take_slots(start);
        else
            last_ = start;
    }

  private:
    [[gnu::noinline]] void take_slots(const ClockInstants& ends) {
        for (std::size_t c = 0; c < slots_.size(); ++c)
            room_.set(c, slots_[c].take_first_until(ends[c]));
    }

    // When each slot is free, sorted, in a ring: what starts later mostly ends later, too.
    class Slots {
      public:
        explicit Slots(std::uint32_t count)
            : free_(std::bit_ceil(count)), mask_(std::bit_ceil(count) - 1), count_(count) {}

        // Returns when the next one is free.
        double take_first_until(double end) {
            ++head_;
            std::uint32_t place = head_ + count_ - 1;
            for (; place != head_ && free_[(place - 1) & mask_] > end; --place)
                free_[place & mask_] = free_[(place - 1) & mask_];
            free_[place & mask_] = end;
            return free_[head_ & mask_];
        }

      private:
        std::vector<double> free_;
        std::uint32_t mask_, count_, head_ = 0;
    };

    ClockInstants last_;   // of one slot: its end; of several: the last start
    ClockInstants room_;   // of several: when the first slot is free
    ClockInstants lasts_;  // 1 where its commands take time, else 0
    bool several_;
    std::vector<Slots> slots_;  // of several: by clock in which its commands take time
};

}  // namespace swaplab
