// A ring as a contiguous FIFO (SYSTEMS: Demand Layering): an item that does not fit before the
// end starts again at offset 0 and the slack is wasted; the write position stays when the ring
// empties.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

namespace swaplab::oracle {

class Ring {
  public:
    explicit Ring(double capacity) : capacity_(capacity) {}

    // space(i): when the next item's place becomes free. Offsets are counted without wrapping, so
    // the item at virtual offset v needs every older item that begins before v + bytes - capacity
    // gone.
    double space(double bytes) const {
        const double begin = begin_of(bytes);
        double at = 0;
        for (const Place& older : places_)
            if (older.begin + capacity_ < begin + bytes) at = std::max(at, older.freed);
        return at;
    }
    // Puts the item there. It stays until `free_last` says when it left.
    void take(double bytes) {
        const double begin = begin_of(bytes);
        places_.push_back({begin, std::numeric_limits<double>::infinity()});
        written_ = begin + bytes;
    }
    void free_last(double at) { places_.back().freed = at; }

    double offset_of_last() const { return std::fmod(places_.back().begin, capacity_); }

  private:
    struct Place {
        double begin;
        double freed;
    };

    double begin_of(double bytes) const {
        const double offset = std::fmod(written_, capacity_);
        return offset + bytes > capacity_ ? written_ + (capacity_ - offset) : written_;
    }

    double capacity_;
    double written_ = 0;
    std::vector<Place> places_;
};

// By hand, items of 3, 2, 2 bytes that leave at 10, 20, 30:
//   capacity 7: offsets 0, 3, 5; all fit at 0.
//   capacity 6: 5 + 2 > 6, so the third starts at 0 (1 byte is wasted) and waits for the first: 10.
//   capacity 3: each alone (3 + 2 > 3; then 2 + 2 > 3): offsets 0, 0, 0; waits 0, 10, 20.
// Not reset: capacity 5, items 3 (leaves at 10), then 3: the ring is empty at 10, yet 3 + 3 > 5 and
// the
//   second starts at 0; items 2, 2, 2 in 5: offsets 0, 2, 0.

}  // namespace swaplab::oracle
