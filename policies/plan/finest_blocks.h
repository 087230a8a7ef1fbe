// The finest blocks of a model and what planners that stream them ask of them.
#pragma once

#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

struct FinestBlocks {
    std::vector<BlockFacts> blocks;
    Bytes largest;  // one copy of the largest in memory
    Block largest_block{0, 1};
    Bytes total;   // one copy of each
    Bytes active;  // the largest activation peak, as far as the account counts it
    Duration executing{};

    FinestBlocks(const PartitionRequest& request, SwapPath path, const StayingBlocks& staying = {});
};

}  // namespace swaplab
