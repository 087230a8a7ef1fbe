#include "policies/plan/keep/kept_plan.h"

#include <utility>

namespace swaplab {

namespace {

JobPlan with_places(JobPlan plan, const KeptBytes& bytes) {
    if (bytes.places.empty()) return plan;
    Variant& variant = plan.at_start();
    variant.fixed = ArenaPlan{ArenaKind::fixed, bytes.total, 0, bytes.places};
    variant.closed_form.reset();  // of a cold request, in which the kept blocks come in
    if (variant.need.count > 0) variant.need += bytes.total;
    if (variant.overlap_need) *variant.overlap_need += bytes.total;
    return plan;
}

}  // namespace

KeptBytes::KeptBytes(const PartitionRequest& request, const KeptSet& kept, SwapPath path) {
    if (kept.empty()) return;
    const std::vector<BlockFacts> facts = facts_of(
        request.cost, finest_blocks(request.cost.model()), path, StayingBlocks{false, kept});
    for (std::size_t b = 0; b < facts.size(); ++b) {
        if (!kept[b] || !facts[b].has_parameters()) continue;
        places.push_back(facts[b].held_bytes);
        total += facts[b].held_bytes;
    }
}

std::vector<KeepCandidate> keep_candidates(const StreamingPartitioner& streaming,
                                           const PartitionRequest& request) {
    const KeptSet always = streaming.always_kept(request);
    const std::vector<Block> finest = finest_blocks(request.cost.model());
    const SwapPath path = streaming.path();
    const std::vector<BlockFacts> plain = facts_of(request.cost, finest, path);
    const std::vector<BlockFacts> whole = facts_of(
        request.cost, finest, path, StayingBlocks{false, KeptSet(finest.size(), true)});
    std::vector<KeepCandidate> candidates;
    for (std::size_t b = 0; b < finest.size(); ++b)
        if (!keeps(always, b) && whole[b].has_parameters())
            candidates.push_back(
                {b, whole[b].held_bytes, plain[b].swap_in() + plain[b].swap_out()});
    return candidates;
}

// A margin of the whole budget covers what is kept, too.
PartitionRequest rest_beside(const PartitionRequest& request, Bytes kept) {
    return {
        .cost = request.cost,
        .node = request.node,
        .budget = request.budget - kept,
        .account = request.account,
        .reserved = request.reserved + kept,
    };
}

std::optional<JobPlan> plan_keeping(const StreamingPartitioner& streaming,
                                    const PartitionRequest& request, const KeptSet& kept,
                                    const KeptBytes& bytes) {
    if (bytes.total > request.budget) return std::nullopt;
    const PartitionRequest rest = rest_beside(request, bytes.total);
    if (streaming.least_beside(rest, kept) > rest.budget) return std::nullopt;
    return with_places(streaming.plan_beside(rest, kept), bytes);
}

}  // namespace swaplab
