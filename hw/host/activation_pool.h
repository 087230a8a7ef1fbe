// Activations in the frames of a run: what executes allocates here, so that it counts.
#pragma once

#include <map>
#include <mutex>

#include "hw/host/frames.h"
#include "policies/port/executor.h"

namespace swaplab {

// First fit by address in a window of `frames`. Every allocation has pages of its own, so what is
// allocated never takes more frames than the sum of all (`activation_bytes_taken`).
class ActivationPool final : public ActivationMemory {
  public:
    // Adds its window of `span` bytes of addresses. Borrows the frames.
    ActivationPool(Frames& frames, Bytes span);

    void* allocate(std::size_t bytes) override;
    void free(void* at) override;

    Bytes in_use() const;
    Bytes peak() const;

  private:
    using Map = std::map<Bytes, Bytes>;  // offset -> size, of what is allocated

    Bytes place_for(Bytes size) const;

    Frames& frames_;
    Bytes span_;
    Frames::WindowId window_;
    mutable std::mutex mutex_;
    Map taken_;
    Bytes in_use_;
    Bytes peak_;
};

}  // namespace swaplab
