// The memory of a run: the page frames that the budget allows and not one more, as ranges of a file
// in memory, so that the same frames can be seen at several addresses.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "emu/memory/parked_view.h"
#include "hw/host/interval_set.h"
#include "profiles/base/units.h"

namespace swaplab {

inline constexpr Bytes kFrame{4096};

// Frames, by their place in the pool's file. Whole frames.
struct FrameRange {
    Bytes offset;
    Bytes size;
};

enum class Views {
    one,             // host and device see memory at the same addresses
    host_and_device  // each has its own, so that the host's can be closed alone
};
enum class Side { host, device };

// Frames are allocated and filled when the pool gets its size, not when they are first touched
// (about 0.8 s per GiB). So what a run may use is there from its begin, and a machine that has less
// says so before it.
//
// Calls may come from any thread. Content: whatever was there; a frame that is new is zeros.
class FramePool {
  public:
    // Rounded up to whole frames. Throws `OutOfMemory` where the machine does not have as much.
    // What will be seen in two views is told at once: it costs 0.1 s per GiB, and the process looks
    // twice as large (VmRSS counts a frame once per view).
    explicit FramePool(Bytes size, Views views = Views::one);
    ~FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;

    // `bytes`, rounded up to whole frames, in as few ranges as there can be: the first free range
    // that is large enough, else the largest ones. Throws `OutOfMemory` naming both values where
    // fewer are free.
    std::vector<FrameRange> take(Bytes bytes);
    // Gives back what `take` returned, which nothing may have mapped any more. In any parts; aborts
    // where they are not in use.
    void give(std::span<const FrameRange> ranges);

    // Frames in use appear at `at`, one range behind the other, to be read and written: whole
    // frames of addresses that are reserved. Throws `std::runtime_error` where the system refuses,
    // and then none do. One thread at a time for the same frames.
    void show(std::span<const FrameRange> frames, std::byte* at, Side view);
    // No longer; every access there faults from now on. The same `frames` as were shown.
    void hide(std::span<const FrameRange> frames, std::byte* at, Side view) noexcept;

    // Another size from now on, rounded up to whole frames. More frames come at once, or the call
    // throws as the constructor does and changes nothing. Fewer: free ones go back to the system at
    // once; those in use stay, and go when they are given until no more than the size is left.
    void set_size(Bytes size);

    Bytes size() const;
    Bytes in_use() const;
    // Frames that are there: max(in_use, size).
    Bytes committed() const;
    Bytes committed_peak() const;
    // Of the file; the pool closes it.
    int descriptor() const { return file_; }

  private:
    std::int64_t committed_now() const { return used_.size() + free_.size(); }
    void grow(std::int64_t bytes);
    void release_surplus();
    std::vector<Interval> chosen(std::int64_t bytes) const;

    ParkedView& parked(Side view);

    int file_;
    ParkedView host_;
    std::optional<ParkedView> device_;  // with two views
    mutable std::mutex mutex_;
    // Every byte of the file is in one of the three: in use, free, or without a frame.
    IntervalSet used_, free_, holes_;
    std::int64_t size_ = 0;
    std::int64_t peak_ = 0;
};

}  // namespace swaplab
