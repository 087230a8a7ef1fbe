// The names of small enums, as they appear in files and messages.
#include <array>

#include "policies/port/command.h"
#include "policies/port/deployment.h"
#include "policies/port/workload.h"
#include "policies/run/observer.h"
#include "policies/run/result.h"

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

std::string_view name_of(ArenaKind kind) {
    static constexpr std::array<std::string_view, 4> names{"counter", "two-ended", "ring", "slots"};
    return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 5> names{"ok", "infeasible", "deadline-miss",
                                                           "stuck", "interrupted"};
    return names[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(ArrivalMode mode) {
    static constexpr std::array<std::string_view, 3> names{"cold", "stream", "listed"};
    return names[static_cast<std::size_t>(mode)];
}

std::string_view name_of(StallReason reason) {
    static constexpr std::array<std::string_view, 3> names{"read", "memory", "other"};
    return names[static_cast<std::size_t>(reason)];
}

}  // namespace swaplab
