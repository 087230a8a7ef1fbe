// The scheduler of policies in which m = `parallel_reads` agents read blocks in parallel: block k,
// counting those that are loaded, is agent k mod m's.
#pragma once

#include <memory>

#include "policies/schedule/scheduler.h"

namespace swaplab {

std::unique_ptr<Scheduler> make_parallel_loads(const SchedulerSetup& setup);

}  // namespace swaplab
