// The finest blocks of a model, of which some may be kept, and what planners that stream them ask of them.
#pragma once

#include <vector>

#include "policies/plan/kept_set.h"
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
    // Beside these: what is kept counts as a block without parameters.
    static FinestBlocks beside(const PartitionRequest& request, SwapPath path,
                               const KeptSet& kept);

    // That of a plan with a block for each.
    IdVector<BlockId, bool> marks() const {
        IdVector<BlockId, bool> marks;
        for (const bool stays : kept) marks.push_back(stays);
        return marks;
    }

    KeptSet kept;      // those of the kept ones that have parameters
    Bytes kept_bytes;  // one copy of each of these

  private:
    void count(const PartitionRequest& request, std::uint32_t copies);
};

}  // namespace swaplab
