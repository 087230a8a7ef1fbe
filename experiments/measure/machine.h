// What this machine is, as its operating system tells.
#pragma once

#include <map>
#include <string>

#include "profiles/device/platform.h"

namespace swaplab {

struct HostMachine {
    Bytes memory;     // MemTotal
    Bytes available;  // MemAvailable
    std::int64_t cores = 0;
    // Conditions of measurement files: "kernel" -> "Linux 6.1.0", "cpu", "governor".
    std::map<std::string, std::string> conditions;
};

HostMachine this_machine();

// A platform of which nothing is measured yet, for schedules to run on: every activity is free.
Platform unmeasured_platform(const HostMachine& machine, const std::string& name);

}  // namespace swaplab
