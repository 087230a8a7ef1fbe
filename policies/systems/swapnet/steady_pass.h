// What a pass takes under SwapNet's rules once passes follow each other.
#pragma once

#include <vector>

#include "policies/port/deployment.h"

namespace swaplab {

// Of a pass that begins as the one before it ends, everything kept being there: mean durations,
// nothing contends (SEMANTICS: Kept blocks). `facts` are those of the plan's blocks; `overlaps`:
// the first block of a pass may come in beside the last one of the pass before.
Duration swapnet_steady_pass(const std::vector<BlockFacts>& facts, const JobPlan& plan,
                             bool overlaps);

}  // namespace swaplab
