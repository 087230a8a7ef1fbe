// The checksums of one block's layers, taken by kernels where they lie.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hw/cuda/runtime/owners.h"

namespace swaplab {

// As a kernel finds it.
struct DeviceRange {
    const std::byte* at = nullptr;
    std::size_t bytes = 0;   // a multiple of 8
    std::int64_t flops = 0;  // that are taken besides
};

class BlockSums {
  public:
    // Of at most `most` ranges at once. Borrows the table.
    BlockSums(const CudaApi& api, std::size_t most);

    // Enqueues the kernels of all ranges, in order, and their sums' way back.
    void launch(StreamView stream, std::span<const DeviceRange> ranges);
    // Waits for what was launched last: a sum for each range.
    std::vector<std::uint64_t> wait();

  private:
    const CudaApi& api_;
    DeviceBuffer sums_;
    PinnedBuffer back_;
    StreamView stream_;
    std::size_t launched_ = 0;
};

}  // namespace swaplab
