#include "policies/run/observer.h"

#include <array>

namespace swaplab {

std::string_view name_of(StallReason reason) {
    static constexpr std::array<std::string_view, 3> names{"read", "memory", "other"};
    return names[static_cast<std::size_t>(reason)];
}

}  // namespace swaplab
