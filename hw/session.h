// Blocks of a packed model, loaded, run and unloaded by hand: for people who bring a scheduler of
// their own and want neither policies nor a runner.
//
//   Session session(std::make_shared<const Pack>("vgg19"), {8, 16}, Bytes{200 << 20});
//   for (std::uint32_t b = 0; b < session.blocks(); ++b) {
//       session.load_block({b});
//       session.run_block({b});
//       session.unload_block({b});
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hw/cpu_backend.h"
#include "hw/host/activation_pool.h"
#include "hw/host/block_layout.h"
#include "hw/host/frames.h"

namespace swaplab {

// One thread of the process executes at a time, whichever session or device it is of.
class Session {
  public:
    // `cuts`: where blocks begin besides unit 0, ascending unit numbers of the pack. `budget`:
    // the most memory for parameters and activations together. Verifies the pack. Throws
    // `StorageError` where it is damaged, `InputError` for cuts that are not legal,
    // `UnsupportedError` in a build without LibTorch.
    Session(PackPtr pack, const std::vector<std::uint32_t>& cuts, Bytes budget,
            const CpuOptions& options = {});
    // Likewise with an executor of the caller's.
    Session(PackPtr pack, const std::vector<std::uint32_t>& cuts, Bytes budget,
            const CpuOptions& options, const ExecutorFactory& executors);

    std::uint32_t blocks() const { return static_cast<std::uint32_t>(blocks_.size()); }
    Block units(BlockId block) const { return blocks_[block].units; }
    // With what it brings besides its own layers' parameters.
    Bytes bytes(BlockId block) const { return blocks_[block].layout.size(0); }
    Bytes committed() const { return frames_.committed(); }

    // Loading and unloading may run beside `run_block` of another block, from any thread, one at a
    // time for each block.

    // Reads the block and binds its parameters. Throws `StorageError`, and `OutOfMemory` where
    // the budget leaves no place; the block is then not loaded. Loading twice aborts.
    void load_block(BlockId block);
    // Blocks run in order, from one thread; after the last begins the next request, with the next
    // input.
    void run_block(BlockId block);
    void unload_block(BlockId block);

    // Of the outputs of the last request that ended; nothing before.
    std::optional<std::string> output_digest() const;

  private:
    struct BlockState {
        Block units;
        BlockLayout layout;
        Frames::WindowId window = 0;
        bool loaded = false;
    };

    std::byte* address(const BlockState& block) const { return frames_.base(block.window); }
    BlockState& state(BlockId block, bool loaded);
    void read(const BlockState& block);
    std::vector<BroughtAt> brought(const BlockState& block) const;

    PackPtr pack_;
    IdVector<BlockId, BlockState> blocks_;
    Frames frames_;
    ActivationPool activations_;
    std::unique_ptr<Executor> executor_;
    std::mutex reading_;
    std::unique_ptr<Reader> reader_;
    std::uint32_t next_ = 0;
    RequestId request_;
};

}  // namespace swaplab
