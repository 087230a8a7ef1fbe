#include "hw/host/frames.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::int64_t kHugePage = std::int64_t{2} << 20;

std::int64_t up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step * step; }
std::int64_t down(std::int64_t value, std::int64_t step) { return value / step * step; }

[[noreturn]] void fail(const char* what, std::int64_t bytes) {
    throw UnsupportedError(
        text("this machine cannot {} {} bytes: {}", what, bytes, std::strerror(errno)));
}

// Puts frames behind the range now, and not at first touch.
void populate(std::byte* at, std::size_t size) {
#ifdef MADV_POPULATE_WRITE
    if (madvise(at, size, MADV_POPULATE_WRITE) == 0) return;
    if (errno != EINVAL) fail("get memory for", static_cast<std::int64_t>(size));
#endif
    for (std::size_t i = 0; i < size; i += static_cast<std::size_t>(kPage.count))
        *reinterpret_cast<volatile std::byte*>(at + i) = std::byte{0};
}

Interval pages(Bytes offset, Bytes size) {
    SWAPLAB_CHECK(offset.count % kPage.count == 0 && size.count % kPage.count == 0,
                  "{} bytes at {} are not whole pages of {}", size.count, offset.count,
                  kPage.count);
    return {offset.count, offset.count + size.count};
}

}  // namespace

Frames::Frames(std::optional<Bytes> limit) {
    if (limit) limit_ = down(limit->count, kPage.count);
}

Frames::~Frames() {
    for (const Window& window : windows_) munmap(window.mapping, window.mapped);
}

Frames::WindowId Frames::add_window(Bytes span) {
    Window window;
    window.span = {up(std::max<std::int64_t>(span.count, 1), kHugePage)};
    window.mapped = static_cast<std::size_t>(window.span.count + kHugePage);
    void* const at = mmap(nullptr, window.mapped, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) fail("reserve addresses for", window.span.count);
    window.mapping = static_cast<std::byte*>(at);
    const auto address = reinterpret_cast<std::int64_t>(at);
    window.base = window.mapping + (up(address, kHugePage) - address);
    // Frames are counted by page: a huge page must not bring more than was asked for.
    madvise(at, window.mapped, MADV_NOHUGEPAGE);
    windows_.push_back(std::move(window));
    return static_cast<WindowId>(windows_.size() - 1);
}

std::int64_t Frames::room() const {
    if (!limit_) return std::numeric_limits<std::int64_t>::max();
    return std::max<std::int64_t>(0, *limit_ - committed_);
}

void Frames::use(WindowId window, Bytes offset, Bytes size) {
    const std::lock_guard lock(mutex_);
    const Interval range = pages(offset, size);
    SWAPLAB_CHECK(range.end <= windows_[window].span.count, "{} bytes at {} of a window of {}",
                  size.count, offset.count, windows_[window].span.count);
    // In use first, so that it does not give its own frames away.
    windows_[window].used.add(range);
    try {
        for (const Interval gap : windows_[window].committed.missing(range)) commit(window, gap);
    } catch (...) {
        windows_[window].used.subtract(range);
        throw;
    }
}

void Frames::unuse(WindowId window, Bytes offset, Bytes size) {
    const std::lock_guard lock(mutex_);
    windows_[window].used.subtract(pages(offset, size));
}

void Frames::warm(WindowId window, Bytes size) {
    const std::lock_guard lock(mutex_);
    Interval range = pages({}, align_up(size, kPage));
    range.end = range.begin + std::min(range.size(), room());
    if (range.begin == range.end) return;
    for (const Interval gap : windows_[window].committed.missing(range)) commit_fresh(window, gap);
}

void Frames::set_limit(Bytes limit) {
    const std::lock_guard lock(mutex_);
    limit_ = down(limit.count, kPage.count);
    while (committed_ > *limit_) {
        std::optional<Donor> donor = largest_free();
        if (!donor) return;
        donor->range.begin =
            std::max(donor->range.begin, donor->range.end - (committed_ - *limit_));
        give_back(*donor);
    }
}

void Frames::commit(WindowId window, Interval range) {
    while (range.begin < range.end) {
        Interval part = range;
        if (const std::int64_t fresh = room(); fresh > 0) {
            part.end = part.begin + std::min(part.size(), fresh);
            commit_fresh(window, part);
        } else if (std::optional<Donor> donor = largest_free()) {
            part.end = part.begin + std::min(part.size(), donor->range.size());
            donor->range.begin = donor->range.end - part.size();
            move(*donor, window, part);
        } else {
            throw OutOfMemory(
                text("{} more bytes of memory are needed, and all {} bytes "
                     "that the budget allows are in use",
                     range.size(), *limit_));
        }
        range.begin = part.end;
    }
}

void Frames::commit_fresh(WindowId id, Interval range) {
    Window& window = windows_[id];
    const Interval huge{up(range.begin, kHugePage), down(range.end, kHugePage)};
    if (huge.begin < huge.end)
        madvise(window.base + huge.begin, static_cast<std::size_t>(huge.size()), MADV_HUGEPAGE);
    populate(window.base + range.begin, static_cast<std::size_t>(range.size()));
    window.committed.add(range);
    committed_ += range.size();
    peak_ = std::max(peak_, committed_);
}

// The donor's frames go to `to`, of the same size.
void Frames::move(const Donor& donor, WindowId id, Interval to) {
    moved_ += to.size();
#ifdef MREMAP_DONTUNMAP
    Window& from = windows_[donor.window];
    const auto size = static_cast<std::size_t>(to.size());
    std::byte* const old_at = from.base + donor.range.begin;
    std::byte* const new_at = windows_[id].base + to.begin;
    madvise(old_at, size, MADV_NOHUGEPAGE);  // what is left behind stays empty
    if (mremap(old_at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, new_at) ==
        new_at) {
        from.committed.subtract(donor.range);
        windows_[id].committed.add(to);
        return;
    }
#endif
    // An old kernel, or more mappings than it allows: new frames instead.
    give_back(donor);
    commit_fresh(id, to);
}

void Frames::give_back(const Donor& donor) {
    Window& window = windows_[donor.window];
    std::byte* const at = window.base + donor.range.begin;
    const auto size = static_cast<std::size_t>(donor.range.size());
    madvise(at, size, MADV_NOHUGEPAGE);
    if (madvise(at, size, MADV_DONTNEED) != 0) fail("give back", donor.range.size());
    window.committed.subtract(donor.range);
    committed_ -= donor.range.size();
}

std::optional<Frames::Donor> Frames::largest_free() const {
    std::optional<Donor> largest;
    for (WindowId id = 0; id < windows_.size(); ++id)
        for (const Interval part : windows_[id].committed.all())
            for (const Interval free : windows_[id].used.missing(part))
                if (!largest || free.size() > largest->range.size()) largest = Donor{id, free};
    return largest;
}

Bytes Frames::committed() const {
    const std::lock_guard lock(mutex_);
    return {committed_};
}

Bytes Frames::committed_peak() const {
    const std::lock_guard lock(mutex_);
    return {peak_};
}

Bytes Frames::moved() const {
    const std::lock_guard lock(mutex_);
    return {moved_};
}

}  // namespace swaplab
