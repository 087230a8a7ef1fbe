#include "policies/metrics/stalls.h"

#include <numeric>

namespace swaplab {

std::string_view name_of(StallReason reason) {
    static constexpr std::array<std::string_view, kStallReasons> names{"memory",   "read", "copy",
                                                                       "assembly", "idle", "other"};
    return names[static_cast<std::size_t>(reason)];
}

Duration Stalls::sum() const { return std::accumulate(by_.begin(), by_.end(), Duration{}); }

Duration Stalls::swapping() const {
    return sum() - (*this)[StallReason::idle] - (*this)[StallReason::other];
}

}  // namespace swaplab
