#include "policies/plan/fewest_blocks.h"

namespace swaplab {

namespace {

bool takes_too_long(const BlockFacts& block) { return block.held_bytes > Bytes{kMostInTotal}; }

}  // namespace

// A part that takes too long takes no less when it grows, so each is as long as can be.
std::vector<BlockFacts> fewest_blocks(const CostModel& cost, SwapPath path) {
    const BlockFacts whole = facts_of(cost, cost.model().whole(), path, {.all = true});
    if (!takes_too_long(whole)) return {whole};
    std::vector<BlockFacts> parts;
    const auto finest = cost.model().finest_blocks();
    for (std::size_t next = 0; next < finest.size();) {
        GrowingBlock growing(cost, path, finest[next].first,
                             {.all = true, .continued = !parts.empty()});
        growing.extend(finest[next].last);
        BlockFacts part = growing.facts();
        for (++next; next < finest.size(); ++next) {
            growing.extend(finest[next].last);
            if (takes_too_long(growing.facts())) break;
            part = growing.facts();
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

JobPlan plan_of_parts(NodeId node, SwapPath path, const std::vector<BlockFacts>& parts) {
    Blocks blocks;
    for (const BlockFacts& part : parts) blocks.push_back(part.units);
    JobPlan plan(node, path, std::move(blocks));
    plan.keeps_all = true;
    plan.parts_of_one = parts.size() > 1;
    return plan;
}

}  // namespace swaplab
