// A view of a whole pool, from which blocks borrow the mappings of their frames.
#pragma once

#include <cstddef>

#include "hw/host/interval_set.h"
#include "profiles/base/units.h"

namespace swaplab {

// Mapping a page costs more than moving its mapping: 64 MiB take 4.3 ms to map and 2.4 ms to unmap,
// and 0.02 to 0.2 ms each to move (mremap; measured; 1 ms in a hundred pieces). So every frame is
// mapped once, here, where nobody looks at it, and its mapping goes where a block is and comes
// back. A process is then as large as its pool (VmRSS), and not as what it has mapped of it.
//
// Where mappings cannot be moved (Linux before 5.13), or lie beyond the span, they are made anew.
class ParkedView {
  public:
    // Of a file in memory. Frames up to `span` bytes of it can be parked; none are yet.
    ParkedView(int file, Bytes span);
    ~ParkedView();
    ParkedView(const ParkedView&) = delete;
    ParkedView& operator=(const ParkedView&) = delete;

    // Parks a range of the file that has frames, with content.
    void add(Interval range) noexcept;
    // To addresses that are reserved: the frames can be read and written there without a fault.
    // Throws `std::runtime_error` where the system refuses. Several threads may move at once, if
    // different ranges.
    void move_out(Interval range, std::byte* to);
    // Back from there, whatever the protection of its pages is now. Nothing is behind the addresses
    // then, and no access is possible.
    void move_in(Interval range, std::byte* from) noexcept;

  private:
    bool parks(Interval range) const { return range.end <= span_; }

    int file_;
    std::int64_t span_;  // 0 where there are no addresses
    std::byte* base_ = nullptr;
};

}  // namespace swaplab
