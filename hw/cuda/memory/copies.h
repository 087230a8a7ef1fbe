// Copies on a stream of their own, with an event behind them.
#pragma once

#include "hw/cuda/runtime/owners.h"

namespace swaplab {

// Bytes between any two places that CUDA knows of. Any thread; what one has started is done when
// its `finish` returns.
class CopyStream {
  public:
    // Borrows the table.
    explicit CopyStream(const CudaApi& api) : api_(api), stream_(api) {}

    void copy(std::byte* to, const std::byte* from, std::size_t bytes);
    void clear(std::byte* at, std::size_t bytes);
    void finish();

  private:
    const CudaApi& api_;
    CudaStream stream_;
};

}  // namespace swaplab
