#include "emu/memory/activations.h"

#include <algorithm>
#include <bit>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Addresses that no pattern of allocations of `most` bytes in whole pages can fragment so that one
// finds no place (Robson's bound for first fit).
Bytes span_for(Bytes most) {
    const auto pages = static_cast<std::uint64_t>(align_up(most, kFrame).count / kFrame.count);
    return align_up(most, kFrame) * static_cast<std::int64_t>(std::bit_width(pages) + 1);
}

}  // namespace

Activations::Activations(FramePool& pool, Bytes most)
    : pool_(pool),
      addresses_(make_first_fit_arena(align_up(most, kFrame), span_for(most))),
      window_(span_for(most)) {}

Activations::~Activations() {
    for (const auto& [offset, allocation] : taken_) release(allocation);
}

Place Activations::place_for(Bytes size) {
    if (size <= addresses_->capacity())
        if (const auto place = addresses_->reserve(size)) return *place;
    throw OutOfMemory(text("{} bytes of activations are needed, and {} of at most {} are in use",
                           size.count, in_use_.count, addresses_->capacity().count));
}

void* Activations::allocate(std::size_t bytes) {
    const Bytes size = activation_bytes_taken(bytes);
    SWAPLAB_CHECK(bytes > 0, "allocating {} bytes", bytes);
    const std::lock_guard lock(mutex_);
    Allocation made{place_for(size), {}};
    try {
        made.frames = pool_.take(size);
        pool_.show(made.frames, address_of(made), Side::host);
    } catch (...) {
        pool_.give(made.frames);
        addresses_->free(made.place);
        throw;
    }
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
    std::byte* const at = address_of(made);
    taken_.emplace(made.place.offset, std::move(made));
    return at;
}

void Activations::free(void* at) {
    const Bytes offset{static_cast<std::byte*>(at) - window_.base()};
    const std::lock_guard lock(mutex_);
    const auto it = taken_.find(offset);
    SWAPLAB_CHECK(it != taken_.end(), "freeing activations at {}, where none are", offset.count);
    release(it->second);
    taken_.erase(it);
}

// Unmaps first: frames that are given may have another taker at once.
void Activations::release(const Allocation& allocation) noexcept {
    pool_.hide(allocation.frames, address_of(allocation), Side::host);
    pool_.give(allocation.frames);
    addresses_->free(allocation.place);
    in_use_ -= allocation.place.size;
}

Bytes Activations::in_use() const {
    const std::lock_guard lock(mutex_);
    return in_use_;
}

Bytes Activations::peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
}

}  // namespace swaplab
