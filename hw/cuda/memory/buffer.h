// One allocation of any space.
#pragma once

#include <optional>
#include <variant>

#include "hw/cuda/memory/kinds.h"
#include "hw/cuda/runtime/owners.h"
#include "profiles/base/units.h"

namespace swaplab {

class Buffer {
  public:
    // `alone`: it is handed to one stream and back as a whole. It then has that stream, which only
    // kernels on it use, so that nobody waits for kernels on others.
    Buffer(const CudaApi& api, Space space, Bytes size, bool alone);

    Space space() const { return space_; }
    Bytes size() const { return size_; }
    std::byte* host() const;  // aborts for memory of the device
    std::byte* device() const;
    // Where copies start and end, for either side.
    std::byte* at() const { return space_ == Space::device ? device() : host(); }
    bool has_stream() const { return stream_.has_value(); }
    StreamView stream() const { return stream_->view(); }
    void* allocation() const;  // of managed memory

  private:
    Space space_;
    Bytes size_;
    std::optional<CudaStream> stream_;  // outlives the memory that is attached to it
    std::variant<PinnedBuffer, DeviceBuffer, ManagedBuffer> memory_;
};

}  // namespace swaplab
