// The oracle boundary: a policy decides from the past and the present, never from the future.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/support/simulate.h"

namespace swaplab::testing {

// Makes the scheduler under audit for one workload. An honest one ignores the workload.
using SchedulerMaker = std::function<std::unique_ptr<Scheduler>(const Workload& workload,
                                                                const SchedulerSetup& setup)>;

// Runs the scheduler on two workloads whose arrivals are the same before `differ_at`, and requires
// the same commands at the same instants before it. Empty if so; else a sentence that begins
// with `name` and says what was decided differently, and when.
std::string audit_foresight(const std::string& name, const SchedulerMaker& make,
                            const Platform& platform, const Deployment& deployment,
                            const Workload& one, const Workload& other, Time differ_at,
                            const Options& options = {});

}  // namespace swaplab::testing
