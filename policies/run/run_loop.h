// The loop of one run: the only caller of a device and of a scheduler. It goes from one instant at
// which something happens to the next, tells the scheduler what happened, checks every command and
// passes it on. It is the same for every device.
#pragma once

#include <string>

#include "policies/metrics/result.h"
#include "policies/port/device.h"
#include "policies/run/runner.h"
#include "policies/schedule/scheduler.h"

namespace swaplab {

// Runs the workload of `request` to its end on a new device of `request.device`. All is borrowed
// for the call. Fills in the verdict (`stuck` with its reason, `interrupted` or `deadline_miss`),
// the memory and the metrics of `result`, which has its `jobs` already; what refers to other runs
// stays as it is.
// Throws `PolicyError`, which blames `policy`, on an illegal command, on a breach of the budget,
// and where nothing executes any more although commands go on ending.
void run_loop(const RunRequest& request, const DeviceSetup& setup, Scheduler& scheduler,
              const std::string& policy, RunResult& result);

}  // namespace swaplab
