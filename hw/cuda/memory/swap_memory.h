// What the steps of a block's way in and out do to memory of one kind, beyond reading and binding:
// hand it to the device and back. The host's side of every rule of CUDA's is here:
//
// - the host touches managed memory only before `to_device` and after `to_host`;
// - a kernel reads it only on `stream_of`, between the two;
// - each step returns when what it asked of CUDA has happened, so that whoever comes next, on
//   whichever thread, needs no order of CUDA's.
#pragma once

#include "hw/cuda/memory/buffer.h"

namespace swaplab {

// A range of a buffer.
struct Spot {
    Buffer* buffer = nullptr;
    Bytes offset, size;

    std::byte* host() const { return buffer->host() + offset.count; }
    std::byte* device() const { return buffer->device() + offset.count; }
    std::byte* at() const { return buffer->at() + offset.count; }
};

class SwapMemory {
  public:
    // Borrows the table.
    SwapMemory(const CudaApi& api, MemoryKind kind);

    const CudaKindRow& row() const { return row_; }

    // A buffer of this kind that is new.
    void prepare(const Buffer& buffer) const;

    // The host writes the spot between the two; any thread. Prefetched pages come back first, all
    // at once and not one by one as the host touches them.
    void begin_write(const Spot& spot) const;
    void end_write(const Spot& spot) const;

    // The device writes the spot, in a copy.
    void begin_copy(const Spot& spot) const;

    // Around execution, of nothing nothing; any thread. They throw `CudaError`.
    void to_device(const Spot& spot) const;
    void to_host(const Spot& spot) const;

    // Where kernels run that read the spot; nothing, too: of a block without parameters.
    StreamView stream_of(const Spot& spot) const;

  private:
    bool hands_over(const Spot& spot, Handover how) const {
        return row_.handover == how && spot.buffer->space() == Space::managed;
    }
    static void attach(const Buffer& buffer, Attach to);
    void prefetch(const Spot& spot, MemoryAt where) const;
    void tell(const Spot& spot, HostTouch how) const;

    const CudaApi& api_;
    const CudaKindRow& row_;
    CudaStream kernels_;
    CudaStream prefetches_;
};

}  // namespace swaplab
