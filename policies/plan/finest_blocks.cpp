#include "policies/plan/finest_blocks.h"

#include <algorithm>

#include "policies/plan/partition_planner.h"

namespace swaplab {

FinestBlocks::FinestBlocks(const PartitionRequest& request, SwapPath path,
                           const StayingBlocks& staying)
    : blocks(facts_of(request.cost, finest_blocks(request.cost.model()), path, staying)) {
    for (const BlockFacts& block : blocks) {
        if (block.held_bytes > largest) {
            largest = block.held_bytes;
            largest_block = block.units;
        }
        total += block.held_bytes;
        active = std::max(active, counted(block.activations, request.account));
        executing += block.use();
    }
}

}  // namespace swaplab
