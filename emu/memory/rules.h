// What would fault, or read what is not there, on the emulated device: checked at every start, so
// that a policy or a runtime is stopped here and not on the board.
//
// - Parameters are executed when all of them have come and have been assembled, and stay until
//   nothing uses them.
// - Managed memory is not touched while kernels run (policies/memory/managed_rule.h).
#pragma once

#include <string>
#include <vector>

#include "policies/memory/managed_rule.h"
#include "policies/port/block_life.h"
#include "policies/port/device.h"

namespace swaplab {

class Rules {
  public:
    // Borrows the setup.
    explicit Rules(const DeviceSetup& setup);

    // Throws `RuleViolation` naming both activities with their blocks and lanes.
    void on_start(const Action& command);
    void on_end(const Action& command);

    // Whether the managed rule holds for this run, and whether a kernel runs now.
    bool managed_rule() const { return managed_.holds(); }
    bool kernel_runs() const { return managed_.kernel_runs(); }
    bool in_place(const Action& command) const { return state(command).life.in_place(); }
    // While a kernel runs: whether the host may touch the block's memory all the same.
    bool attached_to_host(JobId job, BlockId block) const;

    // "read of block 3 of vgg19 (lane storage)": blocks by BlockId, as in timelines.
    std::string name_of_activity(const Action& command) const;
    std::string name_of_block(JobId job, BlockId block) const;
    // What runs now, in words.
    std::string running() const;

  private:
    struct BlockState {
        BlockLife life;             // as far as its steps have ended
        std::vector<Action> under;  // activities under way, a few
    };

    void check(const Action& command) const;
    void require_idle(const Action& command, const char* why) const;
    void check_swap_in(const Action& command) const;
    void check_use(const Action& command) const;
    BlockState& state(const Action& command) { return blocks_[command.job][command.block]; }
    const BlockState& state(const Action& command) const {
        return blocks_[command.job][command.block];
    }

    const DeviceSetup& setup_;
    ManagedRule managed_;
    IdVector<JobId, IdVector<BlockId, BlockState>> blocks_;
};

}  // namespace swaplab
