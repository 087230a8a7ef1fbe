#include "experiments/sweep/references.h"

namespace swaplab {

std::shared_ptr<References::Group> References::of(const StudyCell& cell, std::size_t draw) {
    const std::size_t number = draw / kDrawsOfATask;
    const std::lock_guard lock(mutex_);
    std::erase_if(groups_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<Group>& known = groups_[{cell.scenario, number}];
    std::shared_ptr<Group> group = known.lock();
    if (group == nullptr) {
        group = std::make_shared<Group>(points_, testbed_, cell, number);
        known = group;
    }
    return group;
}

const FullMemory& References::Group::of(std::size_t draw) {
    const std::size_t first = number_ * kDrawsOfATask;
    if (points_.deterministic(cell_)) draw = first;
    Once& once = all_[draw - first];
    std::call_once(once.flag, [&] {
        RunRequest request = request_of(points_.scenario_of(cell_), testbed_, {});
        request.noise = points_.noise_of(draw);
        once.reference = run_in_full_memory(request);
    });
    return once.reference;
}

}  // namespace swaplab
