#include "policies/plan/finest_blocks.h"

#include <algorithm>

#include "policies/plan/partition_planner.h"

namespace swaplab {

FinestBlocks::FinestBlocks(const PartitionRequest& request, SwapPath path,
                           const StayingBlocks& staying)
    : blocks(facts_of(request.cost, finest_blocks(request.cost.model()), path, staying)) {
    count(request, peak_copies(path, request.cost.node().compute));
}

FinestBlocks FinestBlocks::beside(const PartitionRequest& request, SwapPath path,
                                  const KeptSet& kept) {
    FinestBlocks finest(request, path, {false, kept});
    finest.kept = kept;
    if (!kept.empty()) finest.count(request, peak_copies(path, request.cost.node().compute));
    return finest;
}

void FinestBlocks::count(const PartitionRequest& request, std::uint32_t copies) {
    largest = total = active = {};
    executing = {};
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        BlockFacts& block = blocks[b];
        const bool stays = keeps(kept, b) && block.has_parameters();
        if (stays) kept_bytes += block.held_bytes;
        // Where copies are made, what is kept passes through the same memory as all else.
        if ((!stays || copies > 1) && block.held_bytes > largest) {
            largest = block.held_bytes;
            largest_block = block.units;
        }
        if (!kept.empty()) kept[b] = stays;
        if (stays) block.stand_aside();
        total += block.held_bytes;
        active = std::max(active, counted(block.activations, request.account));
        executing += block.use();
    }
}

}  // namespace swaplab
