#include "policies/run/mode_in_force.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

const std::string* ModeInForce::take_all(Time at) {
    const std::string* changed = nullptr;
    while (next_ <= at) {
        const std::string& mode = changes_[taken_++].mode;
        find_next();
        const auto facts = std::ranges::find(modes_, mode, &ModeFacts::mode);
        SWAPLAB_CHECK(facts != modes_.end(), "nobody knows what blocks take in mode '{}'", mode);
        device_.set_mode(*facts);
        metrics_.on_mode(at, mode);
        changed = &mode;
    }
    return changed;
}

}  // namespace swaplab
