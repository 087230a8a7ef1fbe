// The lanes of a timeline: one per parallel slot of each resource of a node.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/trace/timeline.h"

namespace swaplab {

// The slots of one resource, from the first that is used on. Spans come in order of their ends. If
// several slots are expected, each span goes to the one whose last span ended latest before its
// start, which leaves the others to spans that began earlier; else to the first that is free.
class Slots {
  public:
    // Borrows the timeline. `first` is the first lane; the ranks behind it must be free. If several
    // are `expected`, each carries its number; else only a second one does.
    Slots(Timeline& timeline, LaneSpec first, std::uint32_t expected)
        : timeline_(&timeline), first_(std::move(first)), expected_(expected) {}

    LaneId lane_for(Time from, Time to) {
        if (slots_.size() == 1 && slots_.front().last_end <= from) [[likely]] {
            slots_.front().last_end = to;
            return slots_.front().lane;
        }
        Slot& slot = best_fit(from);
        slot.last_end = to;
        return slot.lane;
    }

    // Nothing where as many as `most` are taken.
    std::optional<LaneId> lane_if_room(Time from, Time to, std::size_t most);

  private:
    struct Slot {
        LaneId lane;
        Time last_end = kStart;
    };
    Slot& best_fit(Time from);
    Slot& add_slot();

    Timeline* timeline_;
    LaneSpec first_;
    std::uint32_t expected_;
    std::vector<Slot> slots_;
};

}  // namespace swaplab
