#include "experiments/trace/lanes.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab {

Slots::Slot& Slots::best_fit(Time from) {
    Slot* best = nullptr;
    for (Slot& slot : slots_)
        if (slot.last_end <= from &&
            (best == nullptr || (expected_ > 1 && slot.last_end > best->last_end)))
            best = &slot;
    return best != nullptr ? *best : add_slot();
}

Slots::Slot& Slots::add_slot() {
    const std::size_t number = slots_.size() + 1;
    const bool numbered = expected_ > 1 || number > 1;
    LaneSpec lane = first_;
    lane.rank += static_cast<int>(slots_.size());
    if (numbered) lane.name += text(" {}", number);
    return slots_.emplace_back(Slot{timeline_->add_lane(lane)});
}

std::optional<LaneId> Slots::lane_if_room(Time from, Time to, std::size_t most) {
    const bool free = std::ranges::any_of(
        slots_, [from](const Slot& slot) { return slot.last_end <= from; });
    if (!free && slots_.size() >= most) return std::nullopt;
    return lane_for(from, to);
}

}  // namespace swaplab
