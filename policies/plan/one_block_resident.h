// Deployments of policies that hold one block at a time.
#pragma once

#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

// The smallest budget for these blocks with only one resident at a time, and the layers that force
// it.
Infeasible one_block_minimum(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                             SwapPath path);
// The plan: arenas as large as the largest block needs; the closed form is the sum of everything.
JobPlan one_block_plan(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                       SwapPath path);

}  // namespace swaplab
