// belady: layers stay until others need their place, the one that is needed the farthest from now
// goes first (Belady, IBM Systems Journal 5(2) 1966). Offline: it knows that its model goes on with
// the next pass, and with the next request, as long as one is queued. With blocks of unequal sizes
// the farthest is not always the best.
#include "policies/plan/cached_plan.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/cached_blocks.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

bool goes_first(const CachedBlock& a, const CachedBlock& b) { return a.next_use_in > b.next_use_in; }

}  // namespace

Policy make_belady(const PolicyParameters&, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        make_cached_partitioner(path.value_or(SwapPath::zero_copy), goes_first));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return make_cached_blocks(setup, goes_first);
    };
    return policy;
}

}  // namespace swaplab
