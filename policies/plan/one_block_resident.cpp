#include "policies/plan/one_block_resident.h"

#include <algorithm>

#include "policies/plan/partition_planner.h"
#include "profiles/base/text.h"

namespace swaplab {

Infeasible one_block_minimum(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                             SwapPath path) {
    const std::uint32_t copies = peak_copies(path, request.cost.node().compute);
    Infeasible least;
    Bytes live_in;
    Block forcing{0, 1};
    Bytes weights = request.cost.parameter_bytes(forcing);
    for (const BlockFacts& block : blocks) {
        const Bytes bytes = alone_bytes(block, live_in, copies, request.account);
        if (bytes > least.minimum_budget) {
            least.minimum_budget = bytes;
            forcing = block.units;
            weights = block.parameter_bytes;
        }
        live_in = block.live_out;
    }
    const Model& model = request.cost.model();
    least.reason = text("{} must be resident alone, on the {} path in up to {} {}",
                        describe(model, forcing, weights), name_of(path), copies,
                        copies == 1 ? "copy" : "copies");
    least.layers = names_in(model, forcing);
    return least;
}

JobPlan one_block_plan(const PartitionRequest& request, const std::vector<BlockFacts>& blocks,
                       SwapPath path) {
    Blocks cut;
    Bytes largest;
    Duration total{};
    for (const BlockFacts& block : blocks) {
        cut.push_back(block.units);
        largest = std::max(largest, block.held_bytes);
        total += block.swap_in() + block.use() + block.swap_out();
    }
    // The request ends with its last execution; what is released after it is not in its latency.
    JobPlan plan(request.node, path, std::move(cut));
    Variant& variant = plan.at_start();
    variant.closed_form = total - blocks.back().swap_out();
    variant.need = one_block_minimum(request, blocks, path).minimum_budget;
    variant.arena = {ArenaKind::counter, peak_copies(path, request.cost.node().compute) * largest,
                     0};
    return plan;
}

Bytes one_block_least(const PartitionRequest& request, const FinestBlocks& finest, SwapPath path) {
    const bool copies = peak_copies(path, request.cost.node().compute) > 1;
    return one_block_minimum(request, copies ? FinestBlocks(request, path).blocks : finest.blocks,
                             path)
        .minimum_budget;
}

JobPlan one_block_plan_beside(const PartitionRequest& request, const FinestBlocks& finest,
                              SwapPath path) {
    JobPlan plan = one_block_plan(request, finest.blocks, path);
    plan.kept = finest.marks();
    Variant& variant = plan.at_start();
    variant.need = one_block_least(request, finest, path);
    variant.arena.capacity = peak_copies(path, request.cost.node().compute) * finest.largest;
    // One command at a time, over the ends of passes as well.
    Duration pass{};
    for (const BlockFacts& block : finest.blocks)
        pass += block.swap_in() + block.use() + block.swap_out();
    variant.steady_pass = pass;
    return plan;
}

}  // namespace swaplab
