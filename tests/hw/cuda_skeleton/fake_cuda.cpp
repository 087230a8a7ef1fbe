#include "tests/hw/cuda_skeleton/fake_cuda.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab::testing {

namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

FakeCuda::~FakeCuda() {
    for (const auto& [at, allocation] : allocations_) std::free(const_cast<std::byte*>(at));
}

std::byte* FakeCuda::allocate(Space space, std::size_t bytes) {
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    auto* const at = static_cast<std::byte*>(std::aligned_alloc(kPage, whole));
    if (at == nullptr) throw std::bad_alloc();
    std::memset(at, 0xa5, whole);
    const std::lock_guard lock(mutex_);
    allocations_[at] = {space, whole};
    return at;
}

bool FakeCuda::in(Space space, const std::byte* at) const {
    const std::lock_guard lock(mutex_);
    auto after = allocations_.upper_bound(at);
    if (after == allocations_.begin()) return false;
    const auto& [begin, allocation] = *--after;
    return allocation.space == space && at < begin + allocation.bytes;
}

void FakeCuda::copy_async(std::byte* to, const std::byte* from, std::size_t bytes) {
    SWAPLAB_CHECK(in(Space::pinned, from), "{} bytes are copied from memory that is not pinned",
                  bytes);
    const std::lock_guard lock(mutex_);
    ++copies_;
    pending_.push_back([=] { std::memcpy(to, from, bytes); });
}

void FakeCuda::set_async(std::byte* at, int value, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    pending_.push_back([=] { std::memset(at, value, bytes); });
}

FakeCuda::Event FakeCuda::record() {
    const std::lock_guard lock(mutex_);
    return done_ + pending_.size();
}

void FakeCuda::synchronize(Event event) {
    const std::lock_guard lock(mutex_);
    for (; done_ < event; ++done_) {
        pending_.front()();
        pending_.pop_front();
    }
}

}  // namespace swaplab::testing
