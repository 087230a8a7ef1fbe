#include "experiments/trace/memory_track.h"

#include <algorithm>

#include "policies/port/holding.h"

namespace swaplab {

namespace {

CountersSpec spec_of(ProcessId process, int rank) {
    CountersSpec spec{process, "memory", {}, "in use", "budget", rank};
    for (std::size_t c = 0; c < kCategories; ++c)
        spec.series.emplace_back(name_of(static_cast<Category>(c)));
    return spec;
}

}  // namespace

MemoryTrack::MemoryTrack(Timeline& timeline, ProcessId process, int rank,
                         const TimelineBounds& bounds)
    : timeline_(timeline),
      bounds_(bounds),
      counters_(timeline.add_counters(spec_of(process, rank))) {}

void MemoryTrack::on_budget(Time at, Bytes budget) {
    if (at < bounds_.to) timeline_.limit(counters_, std::max(at, bounds_.from), budget);
}

void MemoryTrack::flush(Time next) {
    if (changed_ == 0 || next <= bounds_.from || at_ >= bounds_.to) return;
    timeline_.sample({counters_, std::max(at_, bounds_.from), now_, in_use_, changed_});
    changed_ = 0;
}

}  // namespace swaplab
