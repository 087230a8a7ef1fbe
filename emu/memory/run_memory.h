// The real memory of an emulated run: the budget in whole pages, behind the places that the ledger
// reserves. Frames come when the command that needs them runs and go when the place is freed.
//
// Built-in models have layers of any size, and direct reads bring whole pages: what rounding adds
// to a block stands beside the budget, and is nothing where a pack's own model is run.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "emu/memory/backing.h"
#include "emu/memory/rules.h"
#include "hw/host/block_work.h"
#include "policies/memory/block_memory.h"

namespace swaplab {

class RunMemory final : public Places {
  public:
    // `extents`: what a read of each block brings. `real_activations`: an
    // executor allocates them; else as much is set aside as the ledger says. `guarded`: see
    // `Backing`; it is, too, where the host's view must be closed. Borrows setup and rules.
    // Throws `UnsupportedError` where this machine does not have the budget.
    RunMemory(const DeviceSetup& setup, BlockSizes extents, const Rules& rules,
              bool real_activations, bool guarded);

    // All below is called by the thread that drives the run, but for `bring`, addresses and
    // `activations`.
    void on_reserved(const Action& command, std::size_t holding);
    void on_freed(const Action& command, std::size_t holding);
    // In as many copies as the plan has.
    Resident hold_resident(JobId job, BlockId block) override;
    // Puts frames behind all places that the block has got.
    void bring(const Action& command, std::size_t holding) override;
    // Gets the memory. `ledger` is that of the run: what it charges besides parameters is set
    // aside, from now on and at every start.
    // Incomplete where `stop` is set meanwhile.
    void get_memory(const MemoryReport& ledger, const std::atomic<bool>* stop = nullptr);
    // The command has started, or has ended, as the rules know already. The managed rule: while a
    // kernel runs, the host's mapping of managed pages is closed, but for blocks that are attached
    // to the host. Throws `OutOfMemory`.
    void on_start(const Action& command);
    void on_end(const Action& command);
    // At most so much may be in use from now on.
    void set_budget(Bytes most);
    // Throws `RuleViolation` if somebody touched what is closed or freed since the last call.
    void check_faults();

    // As the host sees it, and as kernels do.
    std::byte* to_write(const Action& command, std::size_t holding) const override {
        return piece(command, holding).at.host;
    }
    std::byte* to_execute(const Action& command, std::size_t holding) const override {
        return piece(command, holding).at.device;
    }
    ActivationMemory& activations() { return backing_->activations(); }
    Bytes committed_peak() const { return backing_->committed_peak(); }
    // Whether every frame is mapped twice, so that the system counts it twice as resident.
    bool has_two_views() const { return rules_.managed_rule(); }
    // "841.00 MiB of huge pages: the budget and 1.10 MiB of rounding to pages"
    std::string description() const;

  private:
    struct Piece {
        std::uint32_t id = 0;
        bool held = false;      // it has a place
        Backing::Addresses at;  // from `bring` on
    };
    struct BlockPieces {
        std::vector<Piece> holdings;
        bool closed = false;  // to the host; what is brought in anew is open
    };
    struct Owner {
        JobId job;
        BlockId block;
    };

    void add_pieces();
    BackingPlan plan_for(bool real_activations) const;
    BlockPieces& block(const Action& command) { return blocks_[command.job][command.block]; }
    const Piece& piece(const Action& command, std::size_t holding) const {
        return blocks_[command.job][command.block].holdings[holding];
    }
    Bytes bytes_of(JobId job, BlockId block) const;  // at the most
    Bytes bytes_for(const Action& command) const;    // in its request and pass
    void follow();
    void close_to_host();
    void open_to_host();
    void set_host_access(BlockPieces& block, bool open);

    const DeviceSetup& setup_;
    const Rules& rules_;
    const MemoryReport* ledger_ = nullptr;  // none before `get_memory`
    BlockSizes extents_;
    Bytes rounding_;  // what whole pages add
    Bytes beside_;    // what may be in use beside the budget: the rounding, unbounded activations
    bool real_activations_;
    bool guarded_;
    IdVector<JobId, IdVector<BlockId, BlockPieces>> blocks_;
    std::vector<Owner> owners_;  // by piece
    std::unique_ptr<Backing> backing_;
};

}  // namespace swaplab
