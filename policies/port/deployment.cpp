#include "policies/port/deployment.h"

#include <array>
#include <utility>

namespace swaplab {

JobPlan::JobPlan(NodeId home, SwapPath swap_path, Blocks all)
    : node(home), path(swap_path), blocks(std::move(all)) {
    at_start().last = static_cast<std::uint32_t>(blocks.size());
}

void JobPlan::append(const JobPlan& other) {
    const auto behind = static_cast<std::uint32_t>(blocks.size());
    for (Variant variant : other.variants) {
        variant.first += behind;
        variant.last += behind;
        variants.push_back(std::move(variant));
    }
    // One row may keep blocks and another none.
    if (!other.kept.empty()) kept.resize(behind);
    blocks.append(other.blocks);
    kept.append(other.kept);
    if (!kept.empty()) kept.resize(blocks.size());
}

void JobPlan::append_bridge(const JobPlan& other) {
    append(other);
    bridged = true;
}

StayingBlocks JobPlan::staying() const {
    StayingBlocks staying{keeps_all, {kept.begin(), kept.end()}, parts_of_one};
    if (bridged) staying.until = bridge().first;
    return staying;
}

std::vector<BlockFacts> facts_of(const CostModel& cost, const JobPlan& plan) {
    return facts_of(cost, plan.blocks, plan.path, plan.staying());
}

std::string_view name_of(ArenaKind kind) {
    static constexpr std::array<std::string_view, 5> names{"counter", "two-ended", "ring", "slots",
                                                           "static"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace swaplab
