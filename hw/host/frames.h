// The page frames of a run: at most as many as the budget allows, wherever they are needed.
//
// Arenas and activations have windows of address space, which may be far larger than the memory
// behind them. Frames are faulted in once and reused (first touch costs as much as reading;
// HARDWARE: First-order effects). Where a window needs frames and the limit is reached, free ones
// are moved there from elsewhere with mremap, which neither zeroes nor faults. So no more than the
// limit is ever resident, and users of memory need not agree on addresses.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "hw/host/interval_set.h"
#include "profiles/base/units.h"

namespace swaplab {

inline constexpr Bytes kPage{4096};

class Frames {
  public:
    using WindowId = std::uint32_t;

    // `limit`: the most bytes with frames behind them, rounded down to whole pages; absent: no
    // limit.
    explicit Frames(std::optional<Bytes> limit);
    ~Frames();
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;

    // Reserves address space only. Not beside other calls. Throws `std::runtime_error` if there is
    // none.
    WindowId add_window(Bytes span);
    std::byte* base(WindowId window) const { return windows_[window].base; }

    // The calls below may come from any thread; offsets and sizes are whole pages.

    // From now on the range is in use: frames are behind it, with any content. Throws
    // `OutOfMemory` naming both values where the limit leaves none.
    void use(WindowId window, Bytes offset, Bytes size);
    // No longer; its frames may be moved or given back.
    void unuse(WindowId window, Bytes offset, Bytes size);
    // Another limit from now on: free frames go back to the system as far as it asks for; what is
    // in use stays, and no more comes until there is room.
    void set_limit(Bytes limit);
    // Faults in the begin of a window without using it, as far as the limit allows.
    void warm(WindowId window, Bytes size);

    Bytes committed() const;
    Bytes committed_peak() const;
    Bytes moved() const;  // bytes that changed their place, summed

  private:
    struct Window {
        std::byte* base = nullptr;
        Bytes span;
        std::byte* mapping = nullptr;  // what was mapped, larger than the window by its alignment
        std::size_t mapped = 0;
        IntervalSet committed, used;
    };
    struct Donor {
        WindowId window;
        Interval range;
    };

    void commit(WindowId window, Interval range);
    void commit_fresh(WindowId window, Interval range);
    void move(const Donor& donor, WindowId window, Interval to);
    void give_back(const Donor& donor);
    std::optional<Donor> largest_free() const;
    std::int64_t room() const;

    mutable std::mutex mutex_;
    std::optional<std::int64_t> limit_;
    std::int64_t committed_ = 0;
    std::int64_t peak_ = 0;
    std::int64_t moved_ = 0;
    std::vector<Window> windows_;
};

}  // namespace swaplab
