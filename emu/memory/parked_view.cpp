#include "emu/memory/parked_view.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kNoMemory = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::size_t length(Interval range) { return static_cast<std::size_t>(range.size()); }

// Frames have content, so MAP_POPULATE, which reads, maps many at a time, and a shared mapping
// needs no second fault to be written: a third of what populating for writes costs.
bool map(int file, Interval range, std::byte* at) {
    return mmap(at, length(range), kReadWrite, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
                range.begin) == at;
}

// What is left at `from` is a mapping without pages, so that nobody else gets its addresses.
bool move([[maybe_unused]] std::byte* from, [[maybe_unused]] std::byte* to,
          [[maybe_unused]] Interval range) {
#ifdef MREMAP_DONTUNMAP
    const std::size_t size = length(range);
    return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to;
#else
    return false;
#endif
}

}  // namespace

ParkedView::ParkedView(int file, Bytes span) : file_(file), span_(span.count) {
    void* const at = mmap(nullptr, static_cast<std::size_t>(span_), PROT_NONE, kNoMemory, -1, 0);
    if (at == MAP_FAILED)
        span_ = 0;
    else
        base_ = static_cast<std::byte*>(at);
}

ParkedView::~ParkedView() {
    if (base_) munmap(base_, static_cast<std::size_t>(span_));
}

void ParkedView::add(Interval range) noexcept {
    if (parks(range)) map(file_, range, base_ + range.begin);
}

void ParkedView::move_out(Interval range, std::byte* to) {
    if (parks(range) && move(base_ + range.begin, to, range)) return;
    if (!map(file_, range, to))
        throw UnsupportedError(text("cannot map {} bytes: {}", range.size(), std::strerror(errno)));
}

void ParkedView::move_in(Interval range, std::byte* from) noexcept {
    // One protection, so that it is one mapping, which can be moved.
    if (parks(range) &&
        (mprotect(from, length(range), kReadWrite) != 0 || !move(from, base_ + range.begin, range)))
        add(range);
    const void* const nothing = mmap(from, length(range), PROT_NONE, kNoMemory | MAP_FIXED, -1, 0);
    SWAPLAB_CHECK(nothing == from, "cannot unmap {} bytes: {}", range.size(), std::strerror(errno));
}

}  // namespace swaplab
