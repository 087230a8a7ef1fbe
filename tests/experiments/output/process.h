// swaplab in a process of its own, for what only a process has: signals, limits, closed
// descriptors.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace swaplab::testing {

struct ProcessSetup {
    std::string folder;                      // where it runs
    std::vector<std::string> environment{};  // NAME=VALUE, besides what is there
    std::function<void()> before = [] {};    // in the new process, before it becomes swaplab
};

// Its output goes to the files `out` and `err` of the folder.
pid_t start_swaplab(const std::vector<std::string>& arguments, const ProcessSetup& setup);
// Its exit code; 1000 and the signal's number if a signal ended it.
int wait_for(pid_t process);
int run_swaplab(const std::vector<std::string>& arguments, const ProcessSetup& setup);

}  // namespace swaplab::testing
