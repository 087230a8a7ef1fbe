// The real memory of an emulated run: exactly the budget, in a pool of page frames, behind the
// places that the ledger reserves. A block's address is its own; frames come when the command that
// needs them runs and go when the place is freed, so that whoever comes too late faults.
//
// Built-in models have layers of any size, and direct reads bring whole pages: what rounding adds
// to a block stands beside the budget (`page_rounding`), and is 0 where a pack's model is run.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "emu/activations.h"
#include "emu/frame_pool.h"
#include "emu/host_faults.h"
#include "emu/mapped_range.h"
#include "emu/rules.h"
#include "emu/unmapper.h"
#include "policies/runtime/block_memory.h"

namespace swaplab {

class RunMemory final : public PlaceListener {
  public:
    // `extents`: what a read of each block brings, by JobId and BlockId. `real_activations`: an
    // executor allocates them; else frames are set aside for what the ledger says.
    RunMemory(const DeviceSetup& setup, std::vector<std::vector<Bytes>> extents, const Rules& rules,
              bool real_activations);

    // All below is called by the thread that drives the run, but for `bring`, addresses and
    // `activations`.
    void on_reserved(const Action& command, std::size_t holding, const Arena& arena,
                     const Place& place) override;
    void on_freed(const Action& command, std::size_t holding, const Arena& arena,
                  const Place& place) override;
    // Places of a block that is there from before the run, in as many copies as the plan has.
    void reserve_resident(JobId job, BlockId block);
    // Puts frames behind the places that the command has got, on the thread that does its work:
    // takes 0.1 to 0.3 us a page. Throws `OutOfMemory` where there are none.
    void bring(const Action& command);
    // The ledger of the run: frames follow what it charges besides parameters, from now on and
    // whenever `follow` is called.
    void watch(const MemoryReport& ledger);
    void follow();
    // At most so much may be in use from now on.
    void set_budget(Bytes most);
    // The managed rule: while a kernel runs, the host's mapping of managed pages is closed, but for
    // blocks that are attached to the host.
    void close_to_host();
    void open_to_host();
    // Throws `RuleViolation` if somebody touched what is closed or freed since the last call.
    void check_faults();

    // Of a holding that has a place: as the host sees it, and as kernels do.
    std::byte* host(const Action& command, std::size_t holding) const;
    std::byte* device(const Action& command, std::size_t holding) const;
    Bytes extent(const Action& command) const {
        return extents_[command.job.index][command.block.index];
    }
    ActivationMemory& activations() { return *activations_; }

    Bytes committed_peak() const { return pool_.committed_peak(); }
    Bytes page_rounding() const { return rounding_; }

  private:
    struct Piece {
        std::unique_ptr<MappedRange> range;  // made when it is first needed
        bool held = false;                   // it has a place
        std::vector<FrameRange> frames;      // from `bring` on
    };
    struct BlockPieces {
        std::vector<Piece> holdings;
        bool closed = false;  // to the host
    };
    struct Tag {
        JobId job;
        BlockId block;
    };

    void reserve(JobId job, BlockId block, std::size_t holding);
    std::vector<FrameRange> take(Bytes bytes);
    Piece& piece(JobId job, BlockId block, std::size_t holding) {
        return blocks_[job.index][block.index].holdings[holding];
    }
    Bytes bytes_of(JobId job, BlockId block) const;
    void set_host_access(BlockPieces& block, bool open);
    void watch_accesses(const MappedRange& range, const Tag& tag);

    const DeviceSetup& setup_;
    const Rules& rules_;
    const MemoryReport* ledger_ = nullptr;  // none before `watch`
    std::vector<std::vector<Bytes>> extents_;
    Bytes rounding_;
    Bytes beside_;  // what may be in use beside the budget: activations that it does not bound
    bool limited_;  // by a budget; else the pool grows with what is asked of it
    FramePool pool_;
    HostFaults faults_;
    std::vector<std::vector<BlockPieces>> blocks_;  // by JobId and BlockId
    Unmapper unmapper_{pool_};                      // ends before the ranges do
    std::vector<Tag> tags_;
    std::vector<FrameRange> other_;  // set aside for activations, KV caches, what is reserved
    Bytes other_bytes_;
    std::unique_ptr<Activations> activations_;  // only with an executor
};

}  // namespace swaplab
