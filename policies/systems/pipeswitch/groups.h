// Which blocks PipeSwitch transmits together.
#pragma once

#include <optional>
#include <vector>

#include "policies/port/block.h"
#include "profiles/cost/cost.h"

namespace swaplab {

// `size` consecutive finest blocks a group; the last may have fewer.
std::vector<Block> groups_of_size(const Model& model, std::size_t size);

// What a cold request takes: with I(g) and K(g) the ends of swap-in and execution of group g,
//   I(g) = I(g-1) + t_in(g),  K(g) = max(I(g), K(g-1)) + t_ex(g).
Duration pipeswitch_delay(const std::vector<BlockFacts>& groups);

// The groups with the least `pipeswitch_delay`, none larger than `most` bytes (which every
// finest block must fit). The optimum, not the paper's heuristic: a dynamic programme over the cuts
// that keeps, for every cut, the pairs (I, K) that no other beats, and leaves out those that cannot
// reach the best of the equal groups. More groups overlap more and pay the costs per block and per
// request more often. Deterministic; of equal (I, K) the fewest groups.
std::vector<Block> best_groups(const CostModel& cost, SwapPath path, std::optional<Bytes> most);

}  // namespace swaplab
