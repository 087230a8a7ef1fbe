// Activations in the frames of a run: what executes allocates here, so that it counts.
#pragma once

#include <map>
#include <mutex>

#include "hw/memory/frames.h"
#include "policies/executor.h"

namespace swaplab {

// First fit by address in a window of `frames`; only the part up to the highest live allocation has
// frames in use.
class ActivationPool final : public ActivationMemory {
  public:
    // Adds its window of `span` bytes of addresses. Borrows the frames.
    ActivationPool(Frames& frames, Bytes span);

    void* allocate(std::size_t bytes) override;
    void free(void* at) override;

    Frames::WindowId window() const { return window_; }
    Bytes in_use() const;  // rounded up to what each allocation takes
    Bytes peak() const;    // of that

  private:
    using Map = std::map<std::int64_t, std::int64_t>;  // offset -> size, of what is allocated

    std::int64_t place_for(std::int64_t size) const;
    std::int64_t end_of_last() const;

    Frames& frames_;
    Bytes span_;
    Frames::WindowId window_;
    mutable std::mutex mutex_;
    Map taken_;
    std::int64_t top_ = 0;  // whole pages; [0, top_) is in use in the window
    std::int64_t in_use_ = 0;
    std::int64_t peak_ = 0;
};

}  // namespace swaplab
