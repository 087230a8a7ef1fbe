// A model as one block, or where an activity of that would take too long as the fewest that do not
// (SEMANTICS: Time and order).
#pragma once

#include <vector>

#include "policies/plan/planner.h"

namespace swaplab {

// Blocks that stay to the end of the request. The facts are those of parts of one block.
std::vector<BlockFacts> fewest_blocks(const CostModel& cost, SwapPath path);

// A plan of them.
JobPlan plan_of_parts(NodeId node, SwapPath path, const std::vector<BlockFacts>& parts);

}  // namespace swaplab
