#include "policies/port/workload.h"

#include <array>

namespace swaplab {

std::string_view name_of(ArrivalMode mode) {
    static constexpr std::array<std::string_view, 4> names{"cold", "stream", "listed",
                                                            "closed"};
    return names[static_cast<std::size_t>(mode)];
}

}  // namespace swaplab
