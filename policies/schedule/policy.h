// A policy: a planner and the scheduler that carries its plans out. The systems in
// `policies/systems/` make them, `policies/registry.h` knows them by name.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "policies/plan/planner.h"
#include "policies/schedule/scheduler.h"

namespace swaplab {

// A policy ready to plan and to schedule. `spec` is its full name as asked for, for messages.
struct Policy {
    std::string name;  // as the registry has it
    std::string spec;  // "NAME:key=value"
    bool needs_budget = true;
    std::unique_ptr<Planner> planner;
    std::function<std::unique_ptr<Scheduler>(const SchedulerSetup&)> make_scheduler;
};

}  // namespace swaplab
