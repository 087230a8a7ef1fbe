#include "emu/pressure.h"

#include "policies/runtime/process.h"
#include "profiles/quantity.h"
#include "profiles/text.h"

namespace swaplab {

// The hog first: its memory is not the run's.
Pressure::Pressure(const EmuOptions& options) : limit_(options.memory_fence) {
    if (options.memory_hog) hog_ = std::make_unique<MemoryHog>(*options.memory_hog);
    if (limit_) fence_ = make_cgroup_fence(*limit_, why_not_);
}

std::map<std::string, std::string> Pressure::conditions() const {
    std::map<std::string, std::string> all;
    if (hog_)
        all["memory hog"] = text("another process keeps {} hot", format_bytes(hog_->bytes()));
    if (limit_)
        all["memory fence"] = fence_ ? text("a cgroup of {}", format_bytes(*limit_))
                                     : text("none: {}", why_not_);
    return all;
}

std::optional<Bytes> Pressure::cgroup_peak() const {
    return fence_ ? fence_->peak() : cgroup_memory_peak();
}

}  // namespace swaplab
