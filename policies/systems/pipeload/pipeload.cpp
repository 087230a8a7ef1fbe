// pipeload: m loading agents read disjoint layers in parallel, one inference agent executes them in
// order, each layer is freed after use (Hermes; Han et al., ICCD 2024). Layer k (counting those
// with parameters) belongs to agent k mod m; with m agents at most m + 1 layers are held (ours). A
// generative model streams its layers again for every token; its embeddings stay.
#include <algorithm>

#include "policies/plan/agents/agents.h"
#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/keep.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/keep_parameter.h"
#include "policies/schedule/parallel_loads.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A generative model's embeddings, which stay.
KeptSet embeddings_of(const Model& model) {
    const auto embeds = [&](Block block) {
        return std::ranges::any_of(block, [&](UnitId unit) {
            return model.layer(model.layer_of(unit)).op == OpClass::embedding;
        });
    };
    KeptSet embeddings;
    if (model.passes() == 1) return embeddings;
    for (const Block block : model.finest_blocks()) embeddings.push_back(embeds(block));
    return embeddings;
}

class PipeloadPartitioner final : public StreamingPartitioner {
  public:
    explicit PipeloadPartitioner(std::optional<std::uint32_t> agents) : agents_(agents) {}

    SwapPath path() const override { return SwapPath::zero_copy; }
    KeptSet always_kept(const PartitionRequest& request) const override {
        return embeddings_of(request.cost.model());
    }

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest = published(request);
        const Model& model = request.cost.model();
        const std::string kept = finest.kept_bytes.count > 0 ? text(", beside {} of embeddings",
                                                                    format_bytes(finest.kept_bytes))
                                                             : "";
        return {
            finest.largest + finest.kept_bytes + finest.active,
            text("{} must be resident{}{}", describe(model, finest.largest_block, finest.largest),
                 kept, beside_activations(finest.active)),
            names_in(model, finest.largest_block)};
    }

    // Its embeddings lie among what streams.
    JobPlan partition(const PartitionRequest& request) const override {
        const FinestBlocks finest = published(request);
        PartitionRequest rest = request;
        rest.budget -= finest.kept_bytes;
        JobPlan plan = plan_with_agents(rest, finest, agents_, 1);
        plan.at_start().arena.capacity += finest.kept_bytes;
        return plan;
    }

    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        const auto finest = FinestBlocks::beside(request, path(), kept);
        return finest.largest + finest.active;
    }

    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        JobPlan plan =
            plan_with_agents(request, FinestBlocks::beside(request, path(), kept), agents_, 2);
        plan.at_start().steady_pass = plan.at_start().closed_form;
        return plan;
    }

  private:
    FinestBlocks published(const PartitionRequest& request) const {
        return FinestBlocks::beside(request, path(), embeddings_of(request.cost.model()));
    }

    std::optional<std::uint32_t> agents_;
};

}  // namespace

Policy make_pipeload(const PolicyParameters& parameters, std::optional<SwapPath>) {
    Policy policy;
    policy.planner = make_partition_planner(make_keeping_partitioner(
        std::make_unique<PipeloadPartitioner>(count_or_auto(parameters, "agents", kMostAgents)),
        read_keep(parameters)));
    policy.make_scheduler = make_parallel_loads;
    return policy;
}

}  // namespace swaplab
