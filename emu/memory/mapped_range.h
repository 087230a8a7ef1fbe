// Addresses of a block, and the frames of a pool behind them while the block is in memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "emu/memory/frame_pool.h"

namespace swaplab {

// Address space without memory, where a pool can show frames. Whatever has no frames cannot be
// accessed.
class AddressWindow {
  public:
    // Rounded up to whole frames. Throws `std::runtime_error` where there are no addresses.
    explicit AddressWindow(Bytes span);
    ~AddressWindow();
    AddressWindow(const AddressWindow&) = delete;
    AddressWindow& operator=(const AddressWindow&) = delete;

    std::byte* base() const { return base_; }
    Bytes span() const { return span_; }

  private:
    Bytes span_;
    std::byte* base_;
};

// While frames are behind it, a write through one view is seen through the other. Without them, and
// behind them, every access faults: so memory that is used too late does not pass unnoticed.
class MappedRange {
  public:
    // At most `span` bytes, rounded up to whole frames.
    MappedRange(Bytes span, Views views);
    ~MappedRange() { unmap(); }
    MappedRange(const MappedRange&) = delete;
    MappedRange& operator=(const MappedRange&) = delete;

    std::byte* host() const { return host_.base(); }
    std::byte* device() const { return device_ ? device_->base() : host_.base(); }
    Bytes span() const { return host_.span(); }
    // What has frames, from the begin; 0 if nothing has.
    Bytes mapped() const { return mapped_; }

    // Frames for `bytes` > 0, rounded up, behind the begin of the range, which has none; the host
    // may access them. The frames stay their taker's, who gives them back after `unmap`; the pool
    // has as many views, and is there until then. Throws as `FramePool::show` does.
    void map(FramePool& pool, Bytes bytes, std::span<const FrameRange> frames);
    void unmap() noexcept;
    // Closes the host's view of what is mapped, or opens it; the device's stays as it is. With one
    // view, the device's closes too. What is mapped next is open. Mappings are moved away and back,
    // which costs a fraction of protecting every page (64 MiB: 1 ms); so an access to a closed view
    // that goes on (`HostFaults`) finds zeros and leaves nothing.
    void set_host_access(bool allowed);

  private:
    AddressWindow host_;
    std::optional<AddressWindow> device_;
    FramePool* pool_ = nullptr;       // while mapped
    std::vector<FrameRange> frames_;  // while mapped
    Bytes mapped_;
    bool closed_ = false;
};

}  // namespace swaplab
