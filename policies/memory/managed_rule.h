// Managed memory on a device without concurrent managed access: while any kernel runs the host may
// touch no managed page, whichever block it holds; reads and copies into it included (HARDWARE:
// CUDA memory kinds). One rule for every backend, looked at where activities start. Blocks that are
// attached to the host until they are assembled (`memory=managed-attach`) are exempt.
#pragma once

#include <string>
#include <vector>

#include "policies/port/device.h"

namespace swaplab {

class ManagedRule {
  public:
    // Borrows the setup.
    explicit ManagedRule(const DeviceSetup& setup);

    // Whether the kind of memory and the device have the rule at all, attached or not.
    bool holds() const { return holds_; }
    // Whether blocks are attached to the host until they are assembled.
    bool attaches() const { return attaches_; }
    // Whether any activity can break it, so that there is something to look at.
    bool watches() const { return holds_ && !attaches_; }

    // Throws `RuleViolation` naming both activities with their blocks and lanes.
    void on_start(const Action& command);
    void on_end(const Action& command);
    bool kernel_runs() const { return !kernels_.empty(); }

  private:
    void check(const Action& command) const;

    const DeviceSetup& setup_;
    bool holds_;
    bool attaches_;
    std::vector<Action> kernels_;      // that run now
    std::vector<Action> host_writes_;  // reads and copies that run now
};

// "read of block 3 of vgg19 (lane storage)": blocks by BlockId, as in timelines.
std::string name_of_activity(const DeviceSetup& setup, const Action& command);
std::string name_of_block(const DeviceSetup& setup, JobId job, BlockId block);

}  // namespace swaplab
