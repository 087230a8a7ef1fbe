// The scheduler of policies that treat memory as a cache of blocks: one command at a time, a block
// that is there executes at once, and for one that is not others are released until it fits.
#pragma once

#include <memory>

#include "policies/plan/block_cache.h"
#include "policies/schedule/scheduler.h"

namespace swaplab {

// Blocks stay until they are chosen, and until no request of their job is queued.
std::unique_ptr<Scheduler> make_cached_blocks(const SchedulerSetup& setup, ReleasedBefore before);

}  // namespace swaplab
