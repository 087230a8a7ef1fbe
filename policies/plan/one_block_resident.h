// Deployments of policies that hold one block at a time.
#pragma once

#include <vector>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/planner.h"

namespace swaplab {

// The smallest budget for these blocks with only one resident at a time, and the layers that force
// it.
Infeasible one_block_minimum(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                             SwapPath path);
// The plan: arenas as large as the largest block needs; the closed form is the sum of everything.
JobPlan one_block_plan(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                       SwapPath path);

// The same beside blocks that are kept, whose bytes come on top: where copies are made, they pass
// through the arenas like all others.
Bytes one_block_least(const PartitionRequest& request, const FinestBlocks& finest, SwapPath path);
JobPlan one_block_plan_beside(const PartitionRequest& request, const FinestBlocks& finest,
                              SwapPath path);

}  // namespace swaplab
