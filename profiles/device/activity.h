// The activities: what costs time on a device. One row each; files name them as the table does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace swaplab {

enum class Activity : std::uint8_t {
    read,
    copy,
    instantiate,
    assemble,
    execute,
    release,
    attach,
    prefetch
};

struct ActivityRow {
    Activity activity;
    std::string_view name;  // the section of a device file with its coefficients
};

// By Activity. Parameters are what all but `execute` are about.
inline constexpr std::array kActivityTable{
    ActivityRow{Activity::read, "read"},
    ActivityRow{Activity::copy, "copy"},
    ActivityRow{Activity::instantiate, "instantiate"},  // a part of the assembly (dummy model)
    ActivityRow{Activity::assemble, "assemble"},
    ActivityRow{Activity::execute, "execute"},
    ActivityRow{Activity::release, "release"},
    ActivityRow{Activity::attach, "attach"},      // of managed memory, to a stream or to the host
    ActivityRow{Activity::prefetch, "prefetch"},  // of managed memory, to the device
};
inline constexpr std::size_t kActivities = kActivityTable.size();

constexpr std::size_t index_of(Activity activity) { return static_cast<std::size_t>(activity); }

static_assert(
    [] {
        for (std::size_t i = 0; i < kActivities; ++i)
            if (index_of(kActivityTable[i].activity) != i) return false;
        return true;
    }(),
    "the table of activities is in the order of their enumeration");

constexpr std::string_view name_of(Activity activity) {
    return kActivityTable[index_of(activity)].name;
}
std::optional<Activity> activity_named(std::string_view name);

}  // namespace swaplab
