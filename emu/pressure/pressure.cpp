#include "emu/pressure/pressure.h"

#include "hw/host/process.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What a run needs besides its budget, and more: threads, rings, the kernel's own tables.
constexpr Bytes kLeastDistance{16 << 20};

}  // namespace

// The hog first: its memory is not the run's.
Pressure::Pressure(const Asked& asked, std::optional<Bytes> budget, const std::atomic<bool>* stop)
    : limit_(asked.fence) {
    if (limit_ && budget && *limit_ < *budget + kLeastDistance)
        throw InputError(
            text("--memory-fence: {} bytes: expected at least the budget and {}, {} "
                 "bytes, since the kernel kills what goes beyond a fence",
                 limit_->count, format_bytes(kLeastDistance), (*budget + kLeastDistance).count));
    if (asked.hog) hog_ = std::make_unique<MemoryHog>(*asked.hog, stop);
    if (!limit_) return;
    if (budget)
        fence_ = make_cgroup_fence(*limit_, why_not_);
    else
        why_not_ = "the run has no budget";
}

std::map<std::string, std::string> Pressure::conditions() const {
    std::map<std::string, std::string> all;
    if (hog_)
        all["memory hog"] =
            text("{} {}", format_bytes(hog_->bytes()),
                 hog_->alive() ? "kept hot by another process" : "until it was killed");
    if (limit_)
        all["memory fence"] =
            fence_ ? text("a cgroup of {}", format_bytes(*limit_)) : text("none: {}", why_not_);
    return all;
}

std::optional<Bytes> Pressure::cgroup_peak() const {
    return fence_ ? fence_->peak() : cgroup_memory_peak();
}

}  // namespace swaplab
