// The scheduler of policies without look-ahead: one command at a time, each after the one before.
#pragma once

#include <memory>

#include "policies/schedule/scheduler.h"

namespace swaplab {

std::unique_ptr<Scheduler> make_one_at_a_time(const SchedulerSetup& setup);

}  // namespace swaplab
