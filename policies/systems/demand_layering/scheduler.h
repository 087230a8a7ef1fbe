// How Demand Layering's `sync` maps to commands (SEMANTICS: How policies map to commands).
#pragma once

#include <memory>

#include "policies/schedule/scheduler.h"

namespace swaplab {

std::unique_ptr<Scheduler> make_sync_scheduler(const SchedulerSetup& setup);

}  // namespace swaplab
