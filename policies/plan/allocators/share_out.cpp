#include <algorithm>
#include <cmath>

#include "policies/plan/allocator.h"

namespace swaplab {

std::vector<Bytes> share_out(std::span<const Bytes> floors, std::span<const double> weights,
                             Bytes budget) {
    if (floors.size() == 1) return {budget};
    std::vector<Bytes> shares(floors.size());
    std::vector<bool> fixed(floors.size(), false);
    // Jobs whose proportional share is below their floor get the floor; the rest share again.
    for (bool changed = true; changed;) {
        changed = false;
        double weight = 0;
        Bytes left = budget;
        for (std::size_t j = 0; j < floors.size(); ++j) {
            if (fixed[j])
                left -= floors[j];
            else
                weight += weights[j];
        }
        for (std::size_t j = 0; j < floors.size(); ++j) {
            if (fixed[j]) continue;
            const double part = weight > 0 ? weights[j] / weight : 0;
            shares[j] = {
                static_cast<std::int64_t>(std::floor(part * static_cast<double>(left.count)))};
            if (shares[j] >= floors[j]) continue;
            shares[j] = floors[j];
            fixed[j] = changed = true;
        }
    }
    Bytes rest = budget;
    for (const Bytes share : shares) rest -= share;
    if (!shares.empty()) shares.front() += rest;  // what rounding down left over
    return shares;
}

double slowdown_of(const Demand& job, Duration latency) {
    // A model that takes no time is compared with the shortest time there is.
    const auto direct = static_cast<double>(std::max<std::int64_t>(1, job.direct.count()));
    return job.weight * static_cast<double>(latency.count()) / direct;
}

}  // namespace swaplab
