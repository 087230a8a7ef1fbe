#include "policies/port/command.h"

namespace swaplab {

std::string_view name_of(Verb verb) {
    static constexpr std::array<std::string_view, kVerbs> names{"read",    "copy",    "assemble",
                                                                "execute", "release", "wake_at"};
    return names[static_cast<std::size_t>(verb)];
}

std::string_view name_of(Lane lane) {
    static constexpr std::array<std::string_view, kLanes + 1> names{"storage", "copy", "assembly",
                                                                    "compute", "none"};
    return names[static_cast<std::size_t>(lane)];
}

}  // namespace swaplab
