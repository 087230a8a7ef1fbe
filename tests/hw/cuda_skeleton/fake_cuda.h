// As much of a CUDA runtime as a machine needs, made of ordinary memory: streams on which copies
// happen when somebody waits for them and not before, events, pinned and device memory. What is
// forgotten (an event, an order) shows as wrong bytes.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

namespace swaplab::testing {

class FakeCuda {
  public:
    ~FakeCuda();

    enum class Space { pinned, device };
    std::byte* allocate(Space space, std::size_t bytes);
    // Whether the byte lies in memory of that space.
    bool in(Space space, const std::byte* at) const;

    // A stream: work in order. An event is how much of its work had been submitted.
    using Event = std::size_t;
    void copy_async(std::byte* to, const std::byte* from, std::size_t bytes);
    void set_async(std::byte* at, int value, std::size_t bytes);
    Event record();
    void synchronize(Event event);  // all work submitted before it has been done

    std::size_t copies() const { return copies_; }

  private:
    struct Allocation {
        Space space;
        std::size_t bytes;
    };

    mutable std::mutex mutex_;
    std::map<const std::byte*, Allocation> allocations_;
    std::deque<std::function<void()>> pending_;
    std::size_t done_ = 0;
    std::size_t copies_ = 0;
};

}  // namespace swaplab::testing
