// oom-free: as many layers stay as memory has room for, evenly interleaved; the others are streamed
// through two buffers, each as large as the largest of them (OOM-free double buffering, RTCSA
// 2026).
// With layers of one size k = floor((budget - other - 2 layer) / layer) of N stay, those with the
// indices floor(i(N-1)/k). What follows of layers of several sizes is inferred (ours).
#include <numeric>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/interleaved.h"
#include "policies/plan/partition_planner.h"
#include "policies/plan/stream_delay.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"
#include "policies/schedule/streamed_blocks.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

class DoubleBuffer final : public StreamingPartitioner {
  public:
    SwapPath path() const override { return SwapPath::zero_copy; }

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest(request, path());
        const Model& model = request.cost.model();
        return {2 * finest.largest + finest.active,
                text("{} must fit each of 2 buffers{}",
                     describe(model, finest.largest_block, finest.largest),
                     beside_activations(finest.active)),
                names_in(model, finest.largest_block)};
    }
    JobPlan partition(const PartitionRequest& request) const override {
        return plan_beside(request, {});
    }
    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        return 2 * finest.largest + finest.active;
    }
    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        const std::uint32_t assemblers = request.cost.node().assemble_lanes;
        JobPlan plan(request.node, path(), finest_blocks(request.cost.model()));
        plan.kept = finest.marks();
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::slots, 2 * finest.largest, 2};
        const Duration once = two_stage_delay(finest.blocks, variant.arena, assemblers, 1);
        variant.closed_form = once;
        variant.steady_pass =
            two_stage_delay(finest.blocks, variant.arena, assemblers, 2) - once;
        variant.need = 2 * finest.largest + finest.active;
        return plan;
    }
};

// All layers are alike.
KeepGroups one_group(const Model&, std::span<const KeepCandidate> candidates) {
    std::vector<std::uint32_t> all(candidates.size());
    std::iota(all.begin(), all.end(), 0U);
    return {std::move(all)};
}

}  // namespace

Policy make_oom_free(const PolicyParameters&, std::optional<SwapPath>) {
    Policy policy;
    std::vector<std::unique_ptr<StreamingPartitioner>> ways;
    ways.push_back(std::make_unique<DoubleBuffer>());
    policy.planner =
        make_partition_planner(make_interleaving_partitioner(std::move(ways), one_group));
    policy.make_scheduler = make_streamed_blocks;
    return policy;
}

}  // namespace swaplab
