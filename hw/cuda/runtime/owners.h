// Owners of what the CUDA runtime gives out, move-only, and views of it. Owners are made by a
// checked call (`CudaError`) and give back without throwing. A view is good as long as its owner.
#pragma once

#include <cstddef>
#include <utility>

#include "hw/cuda/runtime/cuda_api.h"

namespace swaplab {

// One handle, given back by the call `GiveBack` of the table.
template <class Handle, auto GiveBack>
class Owned {
  public:
    Owned() = default;
    Owned(const CudaApi& api, Handle handle) : api_(&api), handle_(handle) {}
    Owned(Owned&& other) noexcept
        : api_(std::exchange(other.api_, nullptr)), handle_(other.handle_) {}
    Owned& operator=(Owned&& other) noexcept {
        Owned old(std::move(*this));
        api_ = std::exchange(other.api_, nullptr);
        handle_ = other.handle_;
        return *this;
    }
    ~Owned() {
        if (api_ != nullptr) static_cast<void>((api_->*GiveBack)(api_->context, handle_));
    }
    Handle get() const { return handle_; }
    const CudaApi& api() const { return *api_; }

  private:
    const CudaApi* api_ = nullptr;
    Handle handle_{};
};

class CudaEvent;

struct StreamView {
    const CudaApi* api = nullptr;
    StreamHandle handle = nullptr;

    void synchronize() const;
    void wait(const CudaEvent& event) const;  // what comes next here waits for what was recorded
};

class CudaStream {
  public:
    explicit CudaStream(const CudaApi& api);
    StreamView view() const { return {&handle_.api(), handle_.get()}; }

  private:
    Owned<StreamHandle, &CudaApi::stream_destroy> handle_;
};

class CudaEvent {
  public:
    explicit CudaEvent(const CudaApi& api);
    void record(StreamView stream);
    void synchronize() const;
    float milliseconds_since(
        const CudaEvent& from) const;  // both recorded, and this one has happened
    EventHandle get() const { return handle_.get(); }

  private:
    Owned<EventHandle, &CudaApi::event_destroy> handle_;
};

// Memory of the device's own; the host cannot touch it.
class DeviceBuffer {
  public:
    DeviceBuffer(const CudaApi& api, std::size_t bytes);
    std::byte* at() const { return static_cast<std::byte*>(memory_.get()); }

  private:
    Owned<void*, &CudaApi::device_free> memory_;
};

// Managed memory, at one address for both, aligned to pages: direct reads go there.
class ManagedBuffer {
  public:
    ManagedBuffer(const CudaApi& api, std::size_t bytes, Attach attach);
    std::byte* at() const;
    // What CUDA allocated: the whole of it is attached, never a part.
    void* allocation() const { return memory_.get(); }

  private:
    Owned<void*, &CudaApi::device_free> memory_;
};

// Anonymous memory of the host, of huge pages where there are some, pinned and mapped: direct reads
// go there, copies to the device come from there, and kernels may read it in place.
class PinnedBuffer {
  public:
    PinnedBuffer(const CudaApi& api, std::size_t bytes);
    std::byte* host() const { return mapping_.at(); }
    std::byte* device() const { return device_; }

  private:
    class Mapping {
      public:
        explicit Mapping(std::size_t bytes);
        Mapping(Mapping&& other) noexcept
            : at_(std::exchange(other.at_, nullptr)), bytes_(other.bytes_) {}
        Mapping& operator=(Mapping&& other) noexcept {
            std::swap(at_, other.at_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        ~Mapping();
        std::byte* at() const { return at_; }

      private:
        std::byte* at_ = nullptr;
        std::size_t bytes_ = 0;
    };

    Mapping mapping_;  // outlives its registration
    Owned<void*, &CudaApi::host_unregister> registered_;
    std::byte* device_ = nullptr;
};

}  // namespace swaplab
