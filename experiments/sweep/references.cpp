#include "experiments/sweep/references.h"

namespace swaplab {

References::References(const StudyPoints& points, const Testbed& testbed)
    : points_(points), testbed_(testbed), all_(points.scenarios().size() * points.draws()) {}

const FullMemory& References::of(const StudyCell& cell, std::size_t draw) {
    if (points_.deterministic(cell)) draw = 0;
    Once& once = all_[cell.scenario * points_.draws() + draw];
    std::call_once(once.flag, [&] {
        RunRequest request = request_of(points_.scenario_of(cell), testbed_, {});
        request.noise = points_.noise_of(draw);
        once.reference = run_in_full_memory(request);
    });
    return once.reference;
}

}  // namespace swaplab
