#include "hw/cuda/memory/swap_memory.h"

#include "hw/cuda/runtime/cuda_call.h"

namespace swaplab {

SwapMemory::SwapMemory(const CudaApi& api, MemoryKind kind)
    : api_(api), row_(cuda_row_of(kind)), kernels_(api), prefetches_(api) {}

void SwapMemory::prepare(const Buffer& buffer) const {
    if (row_.handover == Handover::prefetch && buffer.space() == Space::managed)
        SWAPLAB_CUDA(api_, advise_accessed_by_device, buffer.host(),
                     static_cast<std::size_t>(buffer.size().count));
}

void SwapMemory::begin_write(const Spot& spot) const {
    if (hands_over(spot, Handover::prefetch)) prefetch(spot, MemoryAt::host);
    tell(spot, HostTouch::begin_write);
}

void SwapMemory::end_write(const Spot& spot) const { tell(spot, HostTouch::end_write); }

void SwapMemory::begin_copy(const Spot& spot) const {
    if (hands_over(spot, Handover::prefetch)) prefetch(spot, MemoryAt::device);
}

void SwapMemory::to_device(const Spot& spot) const {
    if (spot.buffer == nullptr) return;
    if (hands_over(spot, Handover::attach)) attach(*spot.buffer, Attach::single);
    if (hands_over(spot, Handover::prefetch)) prefetch(spot, MemoryAt::device);
}

void SwapMemory::to_host(const Spot& spot) const {
    if (spot.buffer == nullptr) return;
    if (hands_over(spot, Handover::attach)) attach(*spot.buffer, Attach::host);
}

void SwapMemory::attach(const Buffer& buffer, Attach to) {
    const StreamView stream = buffer.stream();
    SWAPLAB_CUDA(*stream.api, attach_async, stream.handle, buffer.allocation(), 0, to);
    stream.synchronize();
}

void SwapMemory::prefetch(const Spot& spot, MemoryAt where) const {
    CudaEvent done(api_);
    SWAPLAB_CUDA(api_, prefetch_async, spot.host(), static_cast<std::size_t>(spot.size.count),
                 where, prefetches_.view().handle);
    done.record(prefetches_.view());
    done.synchronize();
}

void SwapMemory::tell(const Spot& spot, HostTouch how) const {
    if (api_.host_touch != nullptr)
        api_.host_touch(api_.context, spot.host(), static_cast<std::size_t>(spot.size.count), how);
}

StreamView SwapMemory::stream_of(const Spot& spot) const {
    const bool own = spot.buffer != nullptr && spot.buffer->has_stream();
    return own ? spot.buffer->stream() : kernels_.view();
}

}  // namespace swaplab
