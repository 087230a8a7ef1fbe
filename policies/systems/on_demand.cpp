// on-demand: layer by layer, no look-ahead; the least memory of the policies that do not slice.
#include "policies/plan/one_block_resident.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/one_at_a_time.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

class OnDemandPartitioner final : public Partitioner {
  public:
    explicit OnDemandPartitioner(SwapPath path) : path_(path) {}

    Infeasible minimum(const PartitionRequest& request) const override {
        return one_block_minimum(request, blocks(request), path_);
    }
    JobPlan partition(const PartitionRequest& request) const override {
        return one_block_plan(request, blocks(request), path_);
    }

  private:
    std::vector<BlockFacts> blocks(const PartitionRequest& request) const {
        return facts_of(request.cost, finest_blocks(request.cost.model()), path_);
    }

    SwapPath path_;
};

}  // namespace

Policy make_on_demand(const PolicyParameters&, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        std::make_unique<OnDemandPartitioner>(path.value_or(SwapPath::zero_copy)));
    policy.make_scheduler = make_one_at_a_time;
    return policy;
}

}  // namespace swaplab
