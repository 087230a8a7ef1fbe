// lru and belady: layers stay until others need their place, and differ in which goes first. With
// `lru` the one that was used the longest ago: what a page cache or a memory map does to weights,
// layer by layer. With `belady` the one that is needed the farthest from now (Belady, IBM Systems
// Journal 5(2) 1966). Offline: it knows that its model goes on with the next pass, and with the
// next request, as long as one is queued. With blocks of unequal sizes the farthest is not always
// the best.
#include "policies/plan/cached_plan.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/cached_blocks.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

constexpr ReleasedBefore kLru = [](const CachedBlock& a, const CachedBlock& b) {
    return a.used_at < b.used_at;
};
constexpr ReleasedBefore kBelady = [](const CachedBlock& a, const CachedBlock& b) {
    return a.next_use_in > b.next_use_in;
};

Policy make_cache(ReleasedBefore goes_first, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        make_cached_partitioner(path.value_or(SwapPath::zero_copy), goes_first));
    policy.make_scheduler = [goes_first](const SchedulerSetup& setup) {
        return make_cached_blocks(setup, goes_first);
    };
    return policy;
}

}  // namespace

Policy make_lru(const PolicyParameters&, std::optional<SwapPath> path) {
    return make_cache(kLru, path);
}

Policy make_belady(const PolicyParameters&, std::optional<SwapPath> path) {
    return make_cache(kBelady, path);
}

}  // namespace swaplab
