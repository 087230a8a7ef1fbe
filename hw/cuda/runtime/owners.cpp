#include "hw/cuda/runtime/owners.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "hw/cuda/runtime/cuda_call.h"

namespace swaplab {

namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

StreamHandle new_stream(const CudaApi& api) {
    StreamHandle stream = nullptr;
    SWAPLAB_CUDA(api, stream_create, &stream);
    return stream;
}

EventHandle new_event(const CudaApi& api) {
    EventHandle event = nullptr;
    SWAPLAB_CUDA(api, event_create, &event);
    return event;
}

void* new_device_memory(const CudaApi& api, std::size_t bytes) {
    void* at = nullptr;
    SWAPLAB_CUDA(api, device_allocate, &at, bytes);
    return at;
}

// A page more, since CUDA promises no alignment to pages.
void* new_managed_memory(const CudaApi& api, std::size_t bytes, Attach attach) {
    void* at = nullptr;
    SWAPLAB_CUDA(api, managed_allocate, &at, bytes + kPageBytes, attach);
    return at;
}

void* registered(const CudaApi& api, void* at, std::size_t bytes) {
    SWAPLAB_CUDA(api, host_register, at, bytes);
    return at;
}

}  // namespace

void StreamView::synchronize() const { SWAPLAB_CUDA(*api, stream_synchronize, handle); }

void StreamView::wait(const CudaEvent& event) const {
    SWAPLAB_CUDA(*api, stream_wait_event, handle, event.get());
}

CudaStream::CudaStream(const CudaApi& api) : handle_(api, new_stream(api)) {}

CudaEvent::CudaEvent(const CudaApi& api) : handle_(api, new_event(api)) {}

void CudaEvent::record(StreamView stream) {
    SWAPLAB_CUDA(handle_.api(), event_record, handle_.get(), stream.handle);
}

void CudaEvent::synchronize() const {
    SWAPLAB_CUDA(handle_.api(), event_synchronize, handle_.get());
}

float CudaEvent::milliseconds_since(const CudaEvent& from) const {
    float milliseconds = 0;
    SWAPLAB_CUDA(handle_.api(), event_elapsed, from.get(), handle_.get(), &milliseconds);
    return milliseconds;
}

DeviceBuffer::DeviceBuffer(const CudaApi& api, std::size_t bytes)
    : memory_(api, new_device_memory(api, bytes)) {}

ManagedBuffer::ManagedBuffer(const CudaApi& api, std::size_t bytes, Attach attach)
    : memory_(api, new_managed_memory(api, bytes, attach)) {}

std::byte* ManagedBuffer::at() const {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
    const std::uintptr_t beyond = address % kPageBytes;
    return static_cast<std::byte*>(memory_.get()) + (beyond == 0 ? 0 : kPageBytes - beyond);
}

PinnedBuffer::Mapping::Mapping(std::size_t bytes) : bytes_(bytes) {
    void* const at =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    if (bytes >= kHugePageBytes) madvise(at, bytes, MADV_HUGEPAGE);  // where there are none: not
    at_ = static_cast<std::byte*>(at);
}

PinnedBuffer::Mapping::~Mapping() {
    if (at_ != nullptr) munmap(at_, bytes_);
}

PinnedBuffer::PinnedBuffer(const CudaApi& api, std::size_t bytes)
    : mapping_(bytes), registered_(api, registered(api, mapping_.at(), bytes)) {
    void* device = nullptr;
    SWAPLAB_CUDA(api, host_device_pointer, &device, mapping_.at());
    device_ = static_cast<std::byte*>(device);
}

}  // namespace swaplab
