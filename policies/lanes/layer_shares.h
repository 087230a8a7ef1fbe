// What each layer of a block has in what the block takes (SEMANTICS: Noise).
#pragma once

#include <array>
#include <vector>

#include "policies/port/block.h"

namespace swaplab {

struct LayerShare {
    std::uint32_t layer = 0;
    // In unrounded ns, of one command of each verb but of executions,
    std::array<double, kTimedVerbs> ns{};
    double use = 0;       // of an execution in its only pass, or the pass over the prompt,
    DecodeCost decode{};  // and in a pass of one token.
};

// The layers of a block in order; parts of one layer are one. They add up to what the block takes,
// before that is rounded (where the block brings in others' parameters or rows: what it takes in
// the described pass, rounded; the layers that it brings stand behind its own). What has nothing to
// be divided by is all of the first.
std::vector<LayerShare> layer_shares(const CostModel& cost, SwapPath path, const BlockFacts& block);

}  // namespace swaplab
