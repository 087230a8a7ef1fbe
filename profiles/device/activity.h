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

// How an activity comes about: as a command of a lane, as one that needs none, or as a part of
// another activity. What is a command has draws of its own; what has a lane draws power of its own.
enum class Done : std::uint8_t { on_lane, off_lane, within_another };

struct ActivityRow {
    Activity activity;
    std::string_view name;  // the section of a device file with its coefficients
    Done done;
};

// By Activity. Parameters are what all but `execute` are about.
inline constexpr std::array kActivityTable{
    ActivityRow{Activity::read, "read", Done::on_lane},
    ActivityRow{Activity::copy, "copy", Done::on_lane},
    // A part of the assembly (dummy model).
    ActivityRow{Activity::instantiate, "instantiate", Done::within_another},
    ActivityRow{Activity::assemble, "assemble", Done::on_lane},
    ActivityRow{Activity::execute, "execute", Done::on_lane},
    ActivityRow{Activity::release, "release", Done::off_lane},
    // Of managed memory, to a stream or to the host.
    ActivityRow{Activity::attach, "attach", Done::within_another},
    // Of managed memory, to the device.
    ActivityRow{Activity::prefetch, "prefetch", Done::within_another},
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
constexpr bool draws_power(const ActivityRow& row) { return row.done == Done::on_lane; }
constexpr bool is_command(const ActivityRow& row) { return row.done != Done::within_another; }
std::optional<Activity> activity_named(std::string_view name);

}  // namespace swaplab
