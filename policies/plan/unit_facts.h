// The finest blocks of a model and what planners that stream them ask of them.
#pragma once

#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

struct UnitFacts {
    std::vector<BlockFacts> units;
    Bytes largest;  // one copy of the largest unit in memory
    LayerRange largest_layers{0, 1};
    Bytes total;   // one copy of every unit
    Bytes active;  // the largest activation peak, as far as the account counts it
    Duration executing{};

    UnitFacts(const PartitionRequest& request, SwapPath path);
};

}  // namespace swaplab
