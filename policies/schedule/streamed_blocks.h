// The scheduler of policies that read block after block as soon as there is a place for it: in a
// ring, or in buffers that are taken in turn.
#pragma once

#include <memory>

#include "policies/schedule/scheduler.h"

namespace swaplab {

std::unique_ptr<Scheduler> make_streamed_blocks(const SchedulerSetup& setup);

}  // namespace swaplab
