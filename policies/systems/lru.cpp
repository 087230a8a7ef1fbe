// lru: layers stay until others need their place, the one that was used the longest ago goes first.
// What a page cache or a memory map does to weights, layer by layer.
#include "policies/plan/cached_plan.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/cached_blocks.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

bool goes_first(const CachedBlock& a, const CachedBlock& b) { return a.used_at < b.used_at; }

}  // namespace

Policy make_lru(const PolicyParameters&, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        make_cached_partitioner(path.value_or(SwapPath::zero_copy), goes_first));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return make_cached_blocks(setup, goes_first);
    };
    return policy;
}

}  // namespace swaplab
