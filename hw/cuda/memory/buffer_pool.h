// Allocations of a run, at most as many bytes as its budget allows: the only limit there is, since
// neither cgroups nor cudaMemGetInfo are one on integrated GPUs (HARDWARE: CUDA memory kinds).
//
// Allocating costs more than reading (pinning, above all), so what is given back is kept for the
// next block of the same size; blocks recur with every request. What is idle goes where the limit
// or CUDA has no room.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <vector>

#include "hw/cuda/memory/buffer.h"

namespace swaplab {

class BufferPool {
  public:
    // Borrows the table. `limit`: absent, there is none.
    BufferPool(const CudaApi& api, std::optional<Bytes> limit) : api_(api), limit_(limit) {}

    // Any thread. Throws `OutOfMemory` naming both values where the limit leaves no room or CUDA
    // has none, `CudaError`; nothing is taken then.
    Buffer& take(Space space, Bytes size, bool alone);
    void give(Buffer& buffer);
    // Another limit from now on: what is idle goes as far as it asks for, what is taken stays.
    void set_limit(Bytes limit);

    Bytes allocated() const;
    Bytes peak() const;

  private:
    struct Entry {
        Buffer buffer;
        bool alone;
        bool taken;
    };

    Entry* idle_like(Space space, Bytes size, bool alone);
    void make_room(Bytes size);
    bool drop_idle();
    Buffer& allocate(Space space, Bytes size, bool alone);

    const CudaApi& api_;
    mutable std::mutex mutex_;
    std::optional<Bytes> limit_;
    std::list<Entry> entries_;  // the oldest first; their addresses stay
    Bytes allocated_, peak_;
};

}  // namespace swaplab
