#include "emu/memory/mapped_range.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::size_t length(Bytes size) { return static_cast<std::size_t>(size.count); }

}  // namespace

AddressWindow::AddressWindow(Bytes span) : span_(align_up(span, kFrame)) {
    SWAPLAB_CHECK(span.count > 0, "a window of {} bytes", span.count);
    void* const at =
        mmap(nullptr, length(span_), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        throw UnsupportedError(
            text("cannot reserve {} bytes of addresses: {}", span_.count, std::strerror(errno)));
    base_ = static_cast<std::byte*>(at);
}

AddressWindow::~AddressWindow() { munmap(base_, length(span_)); }

MappedRange::MappedRange(Bytes span, Views views) : host_(span) {
    if (views == Views::host_and_device) device_.emplace(span);
}

void MappedRange::map(FramePool& pool, Bytes bytes, std::span<const FrameRange> frames) {
    Bytes size;
    for (const FrameRange& range : frames) size += range.size;
    SWAPLAB_CHECK(mapped_ == Bytes{}, "mapping {} bytes where {} are mapped", bytes.count,
                  mapped_.count);
    SWAPLAB_CHECK(bytes.count > 0 && size == align_up(bytes, kFrame) && size <= span(),
                  "mapping {} bytes with {} of frames in a range of {}", bytes.count, size.count,
                  span().count);
    frames_.assign(frames.begin(), frames.end());
    pool.show(frames_, host(), Side::host);
    try {
        if (device_) pool.show(frames_, device(), Side::device);
    } catch (...) {
        pool.hide(frames_, host(), Side::host);
        throw;
    }
    pool_ = &pool;
    mapped_ = size;
    closed_ = false;
}

void MappedRange::unmap() noexcept {
    if (mapped_ == Bytes{}) return;
    set_host_access(false);
    if (device_) pool_->hide(frames_, device(), Side::device);
    mapped_ = {};
}

void MappedRange::set_host_access(bool allowed) {
    if (mapped_ == Bytes{} || closed_ != allowed) return;
    if (allowed)
        pool_->show(frames_, host(), Side::host);
    else
        pool_->hide(frames_, host(), Side::host);
    closed_ = !allowed;
}

}  // namespace swaplab
