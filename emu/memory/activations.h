// Activations in the memory of a run: what executes allocates here, so that it counts.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "emu/memory/mapped_range.h"
#include "policies/memory/arena.h"
#include "policies/port/executor.h"

namespace swaplab {

// Every allocation has whole frames of the pool of its own (`activation_bytes_taken`), at the first
// addresses that are free, and is accessible until it is freed. So memory that the pool has can be
// allocated, however it is scattered.
class Activations final : public ActivationMemory {
  public:
    // Never more than `most` bytes at once. Borrows the pool.
    Activations(FramePool& pool, Bytes most);
    ~Activations() override;  // gives back what is left
    Activations(const Activations&) = delete;
    Activations& operator=(const Activations&) = delete;

    // Throws `OutOfMemory`.
    void* allocate(std::size_t bytes) override;
    void free(void* at) override;

    Bytes in_use() const;
    Bytes peak() const;

  private:
    struct Allocation {
        Place place;
        std::vector<FrameRange> frames;
    };
    Place place_for(Bytes size);
    std::byte* address_of(const Allocation& allocation) const {
        return window_.base() + allocation.place.offset.count;
    }
    void release(const Allocation& allocation) noexcept;

    FramePool& pool_;
    mutable std::mutex mutex_;
    std::unique_ptr<Arena> addresses_;
    AddressWindow window_;
    std::map<Bytes, Allocation> taken_;  // by offset in the window
    Bytes in_use_;
    Bytes peak_;
};

}  // namespace swaplab
