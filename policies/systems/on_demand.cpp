// on-demand: layer by layer, no look-ahead; the least memory of the policies that do not slice.
#include "policies/plan/finest_blocks.h"
#include "policies/plan/keep/keep.h"
#include "policies/plan/one_block_resident.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/one_at_a_time.h"
#include "policies/schedule/keep_parameter.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

class OnDemandPartitioner final : public StreamingPartitioner {
  public:
    explicit OnDemandPartitioner(SwapPath path) : path_(path) {}

    SwapPath path() const override { return path_; }
    Infeasible minimum(const PartitionRequest& request) const override {
        return one_block_minimum(request, FinestBlocks(request, path_).blocks, path_);
    }
    JobPlan partition(const PartitionRequest& request) const override {
        return one_block_plan(request, FinestBlocks(request, path_).blocks, path_);
    }
    Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        return one_block_least(request, FinestBlocks::beside(request, path_, kept), path_);
    }
    JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const override {
        return one_block_plan_beside(request, FinestBlocks::beside(request, path_, kept), path_);
    }

  private:
    SwapPath path_;
};

}  // namespace

Policy make_on_demand(const PolicyParameters& parameters, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(make_keeping_partitioner(
        std::make_unique<OnDemandPartitioner>(path.value_or(SwapPath::zero_copy)),
        read_keep(parameters)));
    policy.make_scheduler = make_one_at_a_time;
    return policy;
}

}  // namespace swaplab
