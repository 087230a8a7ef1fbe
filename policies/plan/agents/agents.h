// Plans of policies in which several agents read blocks in parallel (SYSTEMS: Hermes).
#pragma once

#include <cstdint>
#include <optional>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/planner.h"

namespace swaplab {

// More streams than any storage or processor of the devices serves; it bounds searches.
inline constexpr std::uint32_t kMostAgents = 256;

// The most bytes of so many neighbours among the blocks that are loaded; the last and the first are
// neighbours.
Bytes most_of_neighbours(const FinestBlocks& finest, std::size_t count);

// Of the zero-copy path, one block for each finest: `agents`, or as many as take the least time,
// read into an arena of the largest agents + 1 neighbours, or of what the budget leaves. The closed
// form is that of the last of so many passes.
JobPlan plan_with_agents(const PartitionRequest& request, const FinestBlocks& finest,
                         std::optional<std::uint32_t> agents, std::uint32_t passes);

}  // namespace swaplab
