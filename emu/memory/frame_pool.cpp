#include "emu/memory/frame_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hw/host/process.h"
#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

int memory_file() {
    const long page = sysconf(_SC_PAGESIZE);
    if (page != kFrame.count)
        throw UnsupportedError(
            text("the emulator needs pages of {} bytes; this machine has {}", kFrame.count, page));
    const int file = memfd_create("swaplab", MFD_CLOEXEC);
    if (file < 0)
        throw UnsupportedError(text("cannot create a file in memory: {}", std::strerror(errno)));
    return file;
}

// Before asking for them: a system without swap kills who asks for too much, and does not refuse.
void check_available(std::int64_t bytes) {
    const auto available = memory_available();
    if (available && bytes > available->count)
        throw OutOfMemory(text("{} bytes of memory are needed, and this machine has {} available",
                               bytes, available->count));
}

// Zeros in every frame: then it is there, and a mapping of it needs no fault of its own.
void fill(int file, Interval range) {
    void* const at = mmap(nullptr, static_cast<std::size_t>(range.size()), PROT_READ | PROT_WRITE,
                          MAP_SHARED, file, range.begin);
    if (at == MAP_FAILED)
        throw OutOfMemory(
            text("cannot map {} bytes of memory: {}", range.size(), std::strerror(errno)));
    for (std::int64_t i = 0; i < range.size(); i += kFrame.count)
        static_cast<volatile std::byte*>(at)[i] = std::byte{0};
    munmap(at, static_cast<std::size_t>(range.size()));
}

// Allocates first, which can fail in words: a first touch could only by a signal.
void allocate(int file, Interval range) {
    int error = 0;
    do error = fallocate(file, 0, range.begin, range.size()) == 0 ? 0 : errno;
    while (error == EINTR);
    if (error != 0)
        throw OutOfMemory(
            text("cannot get {} bytes of memory: {}", range.size(), std::strerror(error)));
    fill(file, range);
}

void punch(int file, Interval range) {
    int error = 0;
    do
        error = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range.begin,
                          range.size()) == 0
                    ? 0
                    : errno;
    while (error == EINTR);
    SWAPLAB_CHECK(error == 0, "cannot give back {} bytes of memory: {}", range.size(),
                  std::strerror(error));
}

std::int64_t whole_frames(Bytes bytes) {
    SWAPLAB_CHECK(bytes.count >= 0, "{} bytes of memory", bytes.count);
    return align_up(bytes, kFrame).count;
}

// Addresses for a size that may grow; they cost nothing.
Bytes parked_span(Bytes size) { return {std::max(std::int64_t{16} << 30, 4 * whole_frames(size))}; }

}  // namespace

FramePool::FramePool(Bytes size, Views views)
    : file_(memory_file()), host_(file_, parked_span(size)) {
    try {
        if (views == Views::host_and_device) device_.emplace(file_, parked_span(size));
        set_size(size);
    } catch (...) {
        close(file_);
        throw;
    }
}

FramePool::~FramePool() { close(file_); }

std::vector<Interval> FramePool::chosen(std::int64_t bytes) const {
    std::vector<Interval> all = free_.all();
    const auto enough = [&](Interval range) { return range.size() >= bytes; };
    if (const auto first = std::ranges::find_if(all, enough); first != all.end())
        return {{first->begin, first->begin + bytes}};
    std::ranges::stable_sort(all, std::ranges::greater{}, &Interval::size);
    std::vector<Interval> parts;
    for (Interval range : all) {
        if (bytes == 0) break;
        range.end = range.begin + std::min(range.size(), bytes);
        bytes -= range.size();
        parts.push_back(range);
    }
    return parts;
}

std::vector<FrameRange> FramePool::take(Bytes bytes) {
    const std::int64_t wanted = whole_frames(bytes);
    const std::lock_guard lock(mutex_);
    if (wanted > free_.size())
        throw OutOfMemory(
            text("{} bytes of memory are needed, and {} of the {} that the budget "
                 "allows are free",
                 wanted, free_.size(), size_));
    std::vector<FrameRange> ranges;
    if (wanted == 0) return ranges;
    for (const Interval part : chosen(wanted)) {
        free_.subtract(part);
        used_.add(part);
        ranges.push_back({{part.begin}, {part.size()}});
    }
    return ranges;
}

void FramePool::give(std::span<const FrameRange> ranges) {
    const std::lock_guard lock(mutex_);
    for (const auto& [offset, size] : ranges) {
        const Interval range{offset.count, offset.count + size.count};
        SWAPLAB_CHECK(used_.missing(range).empty(), "giving {} bytes at {}, which are not in use",
                      size.count, offset.count);
        used_.subtract(range);
        free_.add(range);
    }
    release_surplus();
}

// Free frames go back until no more than the size is left; the last of the file first.
void FramePool::release_surplus() {
    while (committed_now() > size_ && free_.size() > 0) {
        Interval last = free_.all().back();
        last.begin = std::max(last.begin, last.end - (committed_now() - size_));
        punch(file_, last);
        free_.subtract(last);
        holes_.add(last);
    }
}

// Fills holes first, then makes the file longer.
void FramePool::grow(std::int64_t bytes) {
    check_available(bytes);
    std::vector<Interval> parts = holes_.all();
    const std::int64_t extent = committed_now() + holes_.size();
    parts.push_back({extent, extent + bytes});
    std::vector<Interval> fresh;
    try {
        for (Interval part : parts) {
            if (bytes == 0) break;
            part.end = part.begin + std::min(part.size(), bytes);
            fresh.push_back(part);
            allocate(file_, part);
            bytes -= part.size();
        }
    } catch (...) {
        for (const Interval part : fresh) punch(file_, part);
        throw;
    }
    for (const Interval part : fresh) {
        holes_.subtract(part);
        free_.add(part);
        host_.add(part);
        if (device_) device_->add(part);
    }
}

ParkedView& FramePool::parked(Side view) {
    SWAPLAB_CHECK(view == Side::host || device_, "a device's view of a pool with {}", 1);
    return view == Side::host ? host_ : *device_;
}

void FramePool::show(std::span<const FrameRange> frames, std::byte* at, Side view) {
    ParkedView& from = parked(view);
    std::byte* to = at;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto& [offset, size] = frames[i];
        try {
            from.move_out({offset.count, offset.count + size.count}, to);
        } catch (...) {
            hide(frames.first(i), at, view);
            throw;
        }
        to += size.count;
    }
}

void FramePool::hide(std::span<const FrameRange> frames, std::byte* at, Side view) noexcept {
    for (const auto& [offset, size] : frames) {
        parked(view).move_in({offset.count, offset.count + size.count}, at);
        at += size.count;
    }
}

void FramePool::set_size(Bytes size) {
    const std::int64_t wanted = whole_frames(size);
    const std::lock_guard lock(mutex_);
    if (wanted > committed_now()) grow(wanted - committed_now());
    size_ = wanted;
    release_surplus();
    peak_ = std::max(peak_, committed_now());
}

Bytes FramePool::size() const {
    const std::lock_guard lock(mutex_);
    return {size_};
}

Bytes FramePool::in_use() const {
    const std::lock_guard lock(mutex_);
    return {used_.size()};
}

Bytes FramePool::committed() const {
    const std::lock_guard lock(mutex_);
    return {committed_now()};
}

Bytes FramePool::committed_peak() const {
    const std::lock_guard lock(mutex_);
    return {peak_};
}

}  // namespace swaplab
