#include "hw/cuda/memory/buffer_pool.h"

#include <algorithm>
#include <new>

#include "hw/cuda/runtime/cuda_call.h"
#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

BufferPool::Entry* BufferPool::idle_like(Space space, Bytes size, bool alone) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return !entry.taken && entry.alone == alone && entry.buffer.space() == space &&
               entry.buffer.size() == size;
    });
    return found == entries_.end() ? nullptr : &*found;
}

Buffer& BufferPool::take(Space space, Bytes size, bool alone) {
    const std::lock_guard lock(mutex_);
    if (Entry* const idle = idle_like(space, size, alone)) {
        idle->taken = true;
        return idle->buffer;
    }
    make_room(size);
    return allocate(space, size, alone);
}

void BufferPool::make_room(Bytes size) {
    while (limit_ && allocated_ + size > *limit_)
        if (!drop_idle())
            throw OutOfMemory(text("{} bytes are asked for, {} of {} are in use", size.count,
                                   allocated_.count, limit_->count));
}

bool BufferPool::drop_idle() {
    const auto idle = std::ranges::find(entries_, false, &Entry::taken);
    if (idle == entries_.end()) return false;
    allocated_ -= idle->buffer.size();
    entries_.erase(idle);
    return true;
}

Buffer& BufferPool::allocate(Space space, Bytes size, bool alone) {
    while (true) {
        try {
            entries_.push_back({Buffer(api_, space, size, alone), alone, true});
            break;
        } catch (const CudaError& error) {
            if (error.status() != kCudaOutOfMemory) throw;
            if (!drop_idle())
                throw OutOfMemory(text("{} bytes beside {} that are in use: {}", size.count,
                                       allocated_.count, error.what()));
        }
    }
    allocated_ += size;
    peak_ = std::max(peak_, allocated_);
    return entries_.back().buffer;
}

void BufferPool::give(Buffer& buffer) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return &entry.buffer == &buffer; });
    SWAPLAB_CHECK(found != entries_.end() && found->taken,
                  "{} bytes are given back that were not taken", buffer.size().count);
    found->taken = false;
}

void BufferPool::set_limit(Bytes limit) {
    const std::lock_guard lock(mutex_);
    limit_ = limit;
    while (allocated_ > limit && drop_idle()) {
    }
}

Bytes BufferPool::allocated() const {
    const std::lock_guard lock(mutex_);
    return allocated_;
}

Bytes BufferPool::peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
}

}  // namespace swaplab
