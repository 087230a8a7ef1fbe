#include "profiles/device/activity.h"

#include <algorithm>

namespace swaplab {

std::optional<Activity> activity_named(std::string_view name) {
    const auto found = std::ranges::find(kActivityTable, name, &ActivityRow::name);
    return found == kActivityTable.end() ? std::nullopt : std::optional(found->activity);
}

}  // namespace swaplab
