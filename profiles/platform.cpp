#include "profiles/platform.h"

#include <algorithm>

namespace swaplab {
namespace {

constexpr std::array<std::string_view, kActivities> kActivityNames{
    "read", "copy", "instantiate", "assemble", "execute", "release", "attach", "prefetch"};

}  // namespace

std::string_view name_of(Activity activity) {
    return kActivityNames[static_cast<std::size_t>(activity)];
}

std::optional<Activity> activity_named(std::string_view name) {
    const auto found = std::ranges::find(kActivityNames, name);
    if (found == kActivityNames.end()) return std::nullopt;
    return static_cast<Activity>(found - kActivityNames.begin());
}

double ReadSpec::share_of(std::uint32_t reads) const {
    return concurrency[std::min<std::size_t>(reads, concurrency.size()) - 1] / reads;
}

const Mode* Node::mode_named(std::string_view wanted) const {
    const auto found = std::ranges::find(modes, wanted, &Mode::name);
    return found == modes.end() ? nullptr : &*found;
}

}  // namespace swaplab
