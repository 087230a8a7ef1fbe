#include "hw/host/activation_pool.h"

#include <algorithm>
#include <stdexcept>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

ActivationPool::ActivationPool(Frames& frames, Bytes span)
    : frames_(frames), span_(align_up(span, kPage)), window_(frames.add_window(span_)) {}

void* ActivationPool::allocate(std::size_t bytes) {
    const Bytes size = activation_bytes_taken(bytes);
    const std::lock_guard lock(mutex_);
    const Bytes at = place_for(size);
    if (at + size > span_)
        throw OutOfMemory(
            text("{} bytes of activations at {} of a window of {}", bytes, at.count, span_.count));
    frames_.use(window_, at, size);
    taken_.emplace(at, size);
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
    return frames_.base(window_) + at.count;
}

// The lowest gap that is large enough.
Bytes ActivationPool::place_for(Bytes size) const {
    Bytes at;
    for (const auto& [offset, taken] : taken_) {
        if (at + size <= offset) break;
        at = offset + taken;
    }
    return at;
}

void ActivationPool::free(void* at) {
    const Bytes offset{static_cast<std::byte*>(at) - frames_.base(window_)};
    const std::lock_guard lock(mutex_);
    const auto it = taken_.find(offset);
    SWAPLAB_CHECK(it != taken_.end(), "freeing activations at {}, where none are", offset.count);
    frames_.unuse(window_, offset, it->second);
    in_use_ -= it->second;
    taken_.erase(it);
}

Bytes ActivationPool::in_use() const {
    const std::lock_guard lock(mutex_);
    return in_use_;
}

Bytes ActivationPool::peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
}

}  // namespace swaplab
