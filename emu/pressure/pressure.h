// What presses on the memory of a run from outside, while one lives.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "emu/pressure/cgroup_fence.h"
#include "emu/pressure/memory_hog.h"

namespace swaplab {

class Pressure {
  public:
    struct Asked {
        std::optional<Bytes> hog;    // that another program takes
        std::optional<Bytes> fence;  // a cgroup's limit
    };

    // Make it before the run's memory and threads. A fence is for runs with a budget; there is none
    // where the machine does not allow it, which the conditions say. Throws `InputError` where the
    // fence is too close to the budget, `UnsupportedError` where the hog finds no memory.
    Pressure(const Asked& asked, std::optional<Bytes> budget, const std::atomic<bool>* stop);

    std::map<std::string, std::string> conditions() const;
    // Of the fence, else of the group that this process is in anyway; nothing where none tells.
    std::optional<Bytes> cgroup_peak() const;

  private:
    std::unique_ptr<MemoryHog> hog_;
    std::optional<Bytes> limit_;  // that was asked for
    std::string why_not_;         // there is no fence
    std::unique_ptr<CgroupFence> fence_;
};

}  // namespace swaplab
