#include "policies/runtime/mode_in_force.h"

#include <algorithm>

#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {

std::optional<Time> ModeInForce::next_change() const {
    if (taken_ == changes_.size()) return std::nullopt;
    return changes_[taken_].at;
}

std::optional<std::string_view> ModeInForce::take(Time at) {
    std::optional<std::string_view> changed;
    while (next_change() && *next_change() <= at) {
        const std::string& mode = changes_[taken_++].mode;
        const auto facts = std::ranges::find(modes_, mode, &ModeFacts::mode);
        SWAPLAB_CHECK(facts != modes_.end(), "nobody knows what blocks take in mode '{}'", mode);
        device_.set_mode(*facts);
        metrics_.on_mode(at, mode);
        changed = mode;
    }
    return changed;
}

}  // namespace swaplab
