// Executes blocks without a framework: kernels take the checksum of every layer's bytes where it
// lies, and each is compared with what the pack has. So paths, order and contents are proven on any
// GPU, of synthetic packs, too.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "hw/cuda/execute/block_sums.h"
#include "hw/storage/pack.h"
#include "policies/port/executor.h"

namespace swaplab {

// The checksums of a pack's units, read from its file; shared by all devices that read it.
using UnitSums = std::shared_ptr<const std::vector<std::uint64_t>>;
UnitSums unit_sums(const Pack& pack, const ReadOptions& read);

// Where kernels run that read what lies at an address of the device.
class KernelStreams {
  public:
    virtual ~KernelStreams() = default;
    virtual StreamView stream_for(const std::byte* at) const = 0;
};

class ChecksumExecutor final : public Executor {
  public:
    // Borrows table, pack and streams.
    ChecksumExecutor(const CudaApi& api, const Pack& pack, UnitSums expected,
                     std::span<const Block> blocks, bool spin, const KernelStreams& streams);

    void bind(BlockId block, std::byte* at) override { bind_with(block, at, {}); }
    void bind_with(BlockId block, std::byte* at, std::span<const BroughtAt> brought) override;
    void unbind(BlockId block) override { bound_[block.index] = {}; }
    // Throws `std::runtime_error` naming the layer whose bytes are not those of the pack.
    void execute(RequestId request, std::uint32_t pass, BlockId block) override;
    // Of all sums in order of the layers, the same for every cut.
    std::optional<std::string> output_digest(RequestId request) const override;

  private:
    // What a block has in memory, and whose it is.
    struct Bound {
        std::byte* at = nullptr;
        std::vector<DeviceRange> ranges;
        std::vector<std::uint32_t> units;
        std::size_t own = 0;  // they come first; behind them what it brings
    };

    void add(Bound& bound, std::uint32_t unit, const std::byte* at) const;
    std::int64_t flops_of(std::uint32_t unit) const;
    void check(const Bound& bound, const std::vector<std::uint64_t>& sums) const;

    const Pack& pack_;
    const UnitSums expected_;
    std::vector<Block> blocks_;
    bool spin_;
    const KernelStreams& streams_;
    std::vector<Bound> bound_;
    BlockSums sums_;
    std::vector<std::string> outputs_;  // by request
};

}  // namespace swaplab
