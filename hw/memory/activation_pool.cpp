#include "hw/memory/activation_pool.h"

#include <algorithm>
#include <stdexcept>

#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t whole_pages(std::int64_t bytes) { return align_up({bytes}, kPage).count; }

}  // namespace

ActivationPool::ActivationPool(Frames& frames, Bytes span)
    : frames_(frames), span_(align_up(span, kPage)), window_(frames.add_window(span_)) {}

void* ActivationPool::allocate(std::size_t bytes) {
    const std::int64_t size = align_up({static_cast<std::int64_t>(bytes)}, {kAlignment}).count;
    const std::lock_guard lock(mutex_);
    const std::int64_t at = place_for(size);
    if (at + size > span_.count)
        throw std::runtime_error(
            text("{} bytes of activations at {} of a window of {}", bytes, at, span_.count));
    if (const std::int64_t top = whole_pages(at + size); top > top_) {
        frames_.use(window_, {top_}, {top - top_});
        top_ = top;
    }
    taken_.emplace(at, size);
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
    return frames_.base(window_) + at;
}

// The lowest gap that is large enough.
std::int64_t ActivationPool::place_for(std::int64_t size) const {
    std::int64_t at = 0;
    for (const auto& [offset, taken] : taken_) {
        if (at + size <= offset) break;
        at = offset + taken;
    }
    return at;
}

void ActivationPool::free(void* at) {
    const std::lock_guard lock(mutex_);
    const auto it = taken_.find(static_cast<std::byte*>(at) - frames_.base(window_));
    SWAPLAB_CHECK(it != taken_.end(), "freeing activations at {}, where none are",
                  static_cast<std::byte*>(at) - frames_.base(window_));
    in_use_ -= it->second;
    taken_.erase(it);
    if (const std::int64_t top = whole_pages(end_of_last()); top < top_) {
        frames_.unuse(window_, {top}, {top_ - top});
        top_ = top;
    }
}

std::int64_t ActivationPool::end_of_last() const {
    return taken_.empty() ? 0 : taken_.rbegin()->first + taken_.rbegin()->second;
}

Bytes ActivationPool::in_use() const {
    const std::lock_guard lock(mutex_);
    return {in_use_};
}

Bytes ActivationPool::peak() const {
    const std::lock_guard lock(mutex_);
    return {peak_};
}

}  // namespace swaplab
