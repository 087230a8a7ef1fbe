// What presses on the memory of a run from outside, while one lives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "emu/cgroup_fence.h"
#include "emu/emu_backend.h"
#include "emu/memory_hog.h"

namespace swaplab {

class Pressure {
  public:
    // Make it before the run's memory and threads. Without a fence where the machine allows none,
    // which the conditions say; throws `std::runtime_error` where the hog finds no memory.
    explicit Pressure(const EmuOptions& options);

    std::map<std::string, std::string> conditions() const;
    // Of the fence, else of the group that this process is in anyway; nothing where none tells.
    std::optional<Bytes> cgroup_peak() const;

  private:
    std::unique_ptr<MemoryHog> hog_;
    std::optional<Bytes> limit_;  // that was asked for
    std::string why_not_;
    std::unique_ptr<CgroupFence> fence_;
};

}  // namespace swaplab
