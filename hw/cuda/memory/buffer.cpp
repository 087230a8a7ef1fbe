#include "hw/cuda/memory/buffer.h"

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using Memory = std::variant<PinnedBuffer, DeviceBuffer, ManagedBuffer>;

Memory new_memory(const CudaApi& api, Space space, Bytes size, bool alone) {
    const auto bytes = static_cast<std::size_t>(size.count);
    switch (space) {
        case Space::pinned: return PinnedBuffer(api, bytes);
        case Space::device: return DeviceBuffer(api, bytes);
        case Space::managed: break;
    }
    return ManagedBuffer(api, bytes, alone ? Attach::host : Attach::global);
}

}  // namespace

Buffer::Buffer(const CudaApi& api, Space space, Bytes size, bool alone)
    : space_(space), size_(size), memory_(new_memory(api, space, size, alone)) {
    if (alone) stream_.emplace(api);
}

std::byte* Buffer::host() const {
    SWAPLAB_CHECK(space_ != Space::device,
                  "{} bytes of the device's memory have no address of the "
                  "host",
                  size_.count);
    if (space_ == Space::pinned) return std::get<PinnedBuffer>(memory_).host();
    return std::get<ManagedBuffer>(memory_).at();
}

std::byte* Buffer::device() const {
    switch (space_) {
        case Space::pinned: return std::get<PinnedBuffer>(memory_).device();
        case Space::device: return std::get<DeviceBuffer>(memory_).at();
        case Space::managed: break;
    }
    return std::get<ManagedBuffer>(memory_).at();
}

void* Buffer::allocation() const { return std::get<ManagedBuffer>(memory_).allocation(); }

}  // namespace swaplab
