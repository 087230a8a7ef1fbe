#include "hw/torch/run/metered_memory.h"

#include <algorithm>
#include <new>

#include "hw/storage/pack.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::align_val_t kAlignment{static_cast<std::size_t>(kTensorAlignment.count)};

}  // namespace

MeteredMemory::~MeteredMemory() {
    SWAPLAB_CHECK(allocations_.empty(), "{} activations outlive their memory", allocations_.size());
}

void* MeteredMemory::allocate(std::size_t bytes) {
    const Bytes size = activation_bytes_taken(bytes);
    auto* at =
        static_cast<std::byte*>(::operator new(static_cast<std::size_t>(size.count), kAlignment));
    const std::lock_guard lock(mutex_);
    allocations_.emplace(at, Allocation{size, owner_});
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
    return at;
}

void MeteredMemory::free(void* at) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = allocations_.find(static_cast<std::byte*>(at));
        SWAPLAB_CHECK(found != allocations_.end(), "{} was not allocated here", at);
        in_use_ -= found->second.size;
        allocations_.erase(found);
    }
    ::operator delete(at, kAlignment);
}

void MeteredMemory::begin(Owner owner) {
    const std::lock_guard lock(mutex_);
    owner_ = owner;
    peak_ = in_use_;
}

Bytes MeteredMemory::in_use() const {
    const std::lock_guard lock(mutex_);
    return in_use_;
}

Bytes MeteredMemory::peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
}

Bytes MeteredMemory::held_by(Owner owner) const {
    const std::lock_guard lock(mutex_);
    Bytes held;
    for (const auto& [at, allocation] : allocations_) {
        if (allocation.owner == owner) held += allocation.size;
    }
    return held;
}

std::optional<MeteredMemory::Owner> MeteredMemory::owner_of(const void* at) const {
    const std::lock_guard lock(mutex_);
    auto after = allocations_.upper_bound(static_cast<const std::byte*>(at));
    if (after == allocations_.begin()) return std::nullopt;
    const auto& [begin, allocation] = *--after;
    if (static_cast<const std::byte*>(at) >= begin + allocation.size.count) return std::nullopt;
    return allocation.owner;
}

}  // namespace swaplab
