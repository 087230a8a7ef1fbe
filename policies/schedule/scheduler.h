// Scheduling: what a policy's scheduler sees when it is asked, and where it puts its moves.
// Whether a command may start is the device's business: see `policies/port/device.h`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/port/block.h"
#include "policies/port/command.h"
#include "policies/port/deployment.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"
#include "policies/schedule/dispatcher.h"
#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

// What a scheduler may know when it decides: the past and the present.
struct View {
    Time now{};
    std::span<const Arrival> arrivals;        // since the last call, in order
    std::span<const Completion> completions;  // since the last call, in order
    const MemoryReport& memory;
    // The budget from now on, in runs in which it may change: at the first call and at changes.
    std::optional<Bytes> budget = {};
    // The mode from now on, where it has just changed (empty: the device's own), else null.
    const std::string* mode = nullptr;
    // Requests that have arrived and not ended, and whose deadline is now, where they are given up
    // then: what has not started of them is to be taken back, and nothing more to be submitted. A
    // request of which all executions have been started goes on.
    std::span<const RequestRef> expired = {};
};

// Where a scheduler puts its moves. The runner checks each and blames the policy by name.
class Moves {
  public:
    virtual ~Moves() = default;
    virtual Ticket submit(const Command& command) = 0;
    virtual bool cancel(Ticket ticket) = 0;
};

// What a scheduler is built from. Borrowed for the whole run.
struct SchedulerSetup {
    const Deployment& deployment;
    const AllFacts& facts;
    IdVector<JobId, double> weights = {};  // empty: all 1
    Dispatch dispatch = {};
    bool aborts = false;  // requests may expire
};

class Scheduler {
  public:
    virtual ~Scheduler() = default;
    // Called once per instant at which something happened, after completions, changes and arrivals
    // of that instant. Commands may be submitted far ahead; keep a window of tens per lane.
    virtual void decide(const View& view, Moves& moves) = 0;
};

}  // namespace swaplab
