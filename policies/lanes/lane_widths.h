// How many commands each lane of a node runs at once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "policies/port/deployment.h"
#include "policies/port/verbs.h"
#include "profiles/device/platform.h"

namespace swaplab {

using LaneWidths = std::array<std::uint32_t, kLanes>;

inline LaneWidths lane_widths(const Deployment& deployment, const Node& node) {
    LaneWidths widths{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) switch (kLaneTable[lane].width) {
            case LaneWidth::one: widths[lane] = 1; break;
            case LaneWidth::parallel_reads:
                widths[lane] = std::max(deployment.parallel_reads, 1U);
                break;
            case LaneWidth::assemble_lanes: widths[lane] = node.assemble_lanes; break;
        }
    return widths;
}

}  // namespace swaplab
