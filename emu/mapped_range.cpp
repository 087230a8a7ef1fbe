#include "emu/mapped_range.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

constexpr int kNoMemory = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::size_t length(Bytes size) { return static_cast<std::size_t>(size.count); }

[[noreturn]] void fail(const char* what, Bytes size) {
    throw std::runtime_error(text("cannot {} {} bytes: {}", what, size.count,
                                  std::strerror(errno)));
}

}  // namespace

AddressWindow::AddressWindow(Bytes span) : span_(align_up(span, kFrame)) {
    SWAPLAB_CHECK(span.count > 0, "a window of {} bytes", span.count);
    void* const at = mmap(nullptr, length(span_), PROT_NONE, kNoMemory, -1, 0);
    if (at == MAP_FAILED) fail("reserve addresses for", span_);
    base_ = static_cast<std::byte*>(at);
}

AddressWindow::~AddressWindow() {
    if (base_) munmap(base_, length(span_));
}

AddressWindow::AddressWindow(AddressWindow&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), span_(std::exchange(other.span_, {})) {}

AddressWindow& AddressWindow::operator=(AddressWindow&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(span_, other.span_);
    return *this;
}

void AddressWindow::put(Bytes at, const FramePool& pool, std::span<const FrameRange> frames) {
    const Bytes begin = at;
    for (const auto& [offset, size] : frames) {
        SWAPLAB_CHECK(at + size <= span_, "{} bytes at {} of a window of {}", size.count, at.count,
                      span_.count);
        // Frames of the pool have content, so MAP_POPULATE, which reads, maps many at a time, and a
        // shared mapping needs no second fault to be written: a third of what writing them costs.
        const void* const put = mmap(base_ + at.count, length(size), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_FIXED | MAP_POPULATE, pool.descriptor(),
                                     offset.count);
        if (put == MAP_FAILED) {
            const int error = errno;
            if (at > begin) clear(begin, at - begin);
            errno = error;
            fail("map", size);
        }
        at += size;
    }
}

void AddressWindow::clear(Bytes at, Bytes size) noexcept {
    const void* const put =
        mmap(base_ + at.count, length(size), PROT_NONE, kNoMemory | MAP_FIXED, -1, 0);
    SWAPLAB_CHECK(put != MAP_FAILED, "cannot unmap {} bytes: {}", size.count,
                  std::strerror(errno));
}

void AddressWindow::set_access(Bytes at, Bytes size, bool allowed) {
    if (mprotect(base_ + at.count, length(size), allowed ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
        fail("protect", size);
}

MappedRange::MappedRange(Bytes span, Views views) : host_(span) {
    if (views == Views::host_and_device) device_.emplace(span);
}

MappedRange::MappedRange(MappedRange&& other) noexcept
    : host_(std::move(other.host_)),
      device_(std::move(other.device_)),
      mapped_(std::exchange(other.mapped_, {})) {}

MappedRange& MappedRange::operator=(MappedRange&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(device_, other.device_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

void MappedRange::map(const FramePool& pool, Bytes bytes, std::span<const FrameRange> frames) {
    Bytes size;
    for (const FrameRange& range : frames) size += range.size;
    SWAPLAB_CHECK(mapped_ == Bytes{}, "mapping {} bytes where {} are mapped", bytes.count,
                  mapped_.count);
    SWAPLAB_CHECK(bytes.count > 0 && size == align_up(bytes, kFrame),
                  "mapping {} bytes with {} of frames", bytes.count, size.count);
    host_.put({}, pool, frames);
    try {
        if (device_) device_->put({}, pool, frames);
    } catch (...) {
        host_.clear({}, size);
        throw;
    }
    mapped_ = size;
}

void MappedRange::unmap() noexcept {
    if (mapped_ == Bytes{}) return;
    host_.clear({}, mapped_);
    if (device_) device_->clear({}, mapped_);
    mapped_ = {};
}

void MappedRange::set_host_access(bool allowed) {
    if (mapped_ > Bytes{}) host_.set_access({}, mapped_, allowed);
}

}  // namespace swaplab
