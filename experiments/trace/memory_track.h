// Memory by category as counters of a timeline: one sample per instant, within the bounds.
#pragma once

#include <array>
#include <span>

#include "experiments/trace/timeline.h"
#include "policies/port/device.h"
#include "policies/port/device_listener.h"

namespace swaplab {

// What of a run is drawn.
struct TimelineBounds {
    // Slices that reach into [from, to) are drawn whole; instants and samples only inside, and the
    // counters begin with what they are at `from`.
    Time from = kStart;
    Time to = Time::max();
    std::int64_t most_slices = 4'000'000;  // then nothing more is drawn

    bool contains(Time at) const { return from <= at && at < to; }
};

class MemoryTrack {
  public:
    // Borrows the timeline.
    MemoryTrack(Timeline& timeline, ProcessId process, int rank, const TimelineBounds& bounds);

    void on_change(const MemoryChange& change) {
        if (change.at != at_) flush(change.at);
        at_ = change.at;
        const auto category = static_cast<std::size_t>(change.category);
        now_[category] = change.now;
        in_use_ = change.in_use;
        changed_ |= 1U << category;
    }
    void on_budget(Time at, Bytes budget);
    // Writes what has changed since the last sample; nothing more changes before `next`.
    void flush(Time next);

  private:
    Timeline& timeline_;
    TimelineBounds bounds_;
    CountersId counters_;
    Time at_ = kStart;
    std::array<Bytes, kCategories> now_{};
    Bytes in_use_;
    std::uint32_t changed_ = (1U << kCategories) - 1;  // the first sample tells all
};

}  // namespace swaplab
