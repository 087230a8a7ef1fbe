// The verbs: what a policy may ask of a device, a row each, read top to bottom. Lanes, what a verb
// costs and which stage of a block's life it is are read off this table, by planners, checks,
// devices and reports alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "profiles/device/activity.h"

namespace swaplab {

enum class Verb : std::uint8_t { read, copy, assemble, execute, release, wake_at };

// The lanes of a node, each with a queue of its own.
enum class Lane : std::uint8_t { storage, copy, assembly, compute, none };

// How many commands of a lane run at once: as many reads as the deployment opens, or as many
// assemblies as the node has lanes for.
enum class LaneWidth : std::uint8_t { one, parallel_reads, assemble_lanes };

struct LaneRow {
    Lane lane;
    std::string_view name;
    LaneWidth width;
    bool is_short;  // its work is: on real threads whoever is at hand does it
};

// By Lane, from a block's way in to its way out; behind them what needs no lane.
inline constexpr std::array kLaneTable{
    LaneRow{Lane::storage, "storage", LaneWidth::parallel_reads, false},
    LaneRow{Lane::copy, "copy", LaneWidth::one, false},
    LaneRow{Lane::assembly, "assembly", LaneWidth::assemble_lanes, true},
    LaneRow{Lane::compute, "compute", LaneWidth::one, false},
    LaneRow{Lane::none, "none", LaneWidth::one, true},
};
inline constexpr std::size_t kLanes = kLaneTable.size() - 1;

// Which stage of a block's life in memory a verb is.
enum class Stage : std::uint8_t { swap_in, use, swap_out, none };

struct VerbRow {
    Verb verb;
    std::string_view name;             // in files and messages
    Lane lane;                         // that does it
    std::optional<Activity> activity;  // that it costs; nothing: it takes no time and no work
    Stage stage;
    bool brings;  // bytes to a place of their own, which is reserved by then
};

// By Verb; those that take time come first.
inline constexpr std::array kVerbTable{
    VerbRow{Verb::read, "read", Lane::storage, Activity::read, Stage::swap_in, true},
    VerbRow{Verb::copy, "copy", Lane::copy, Activity::copy, Stage::swap_in, true},
    VerbRow{Verb::assemble, "assemble", Lane::assembly, Activity::assemble, Stage::swap_in, false},
    VerbRow{Verb::execute, "execute", Lane::compute, Activity::execute, Stage::use, false},
    VerbRow{Verb::release, "release", Lane::none, Activity::release, Stage::swap_out, false},
    VerbRow{Verb::wake_at, "wake_at", Lane::none, std::nullopt, Stage::none, false},
};
inline constexpr std::size_t kVerbs = kVerbTable.size();

constexpr std::size_t index_of(Verb verb) { return static_cast<std::size_t>(verb); }
constexpr std::size_t index_of(Lane lane) { return static_cast<std::size_t>(lane); }
constexpr const VerbRow& row_of(Verb verb) { return kVerbTable[index_of(verb)]; }

constexpr std::string_view name_of(Verb verb) { return row_of(verb).name; }
constexpr std::string_view name_of(Lane lane) { return kLaneTable[index_of(lane)].name; }
// "release" for what needs no lane.
constexpr std::string_view lane_or_verb_name(std::size_t lane) {
    for (const VerbRow& row : kVerbTable)
        if (lane == kLanes && row.lane == Lane::none) return row.name;
    return kLaneTable[lane].name;
}

constexpr Lane lane_of(Verb verb) { return row_of(verb).lane; }
constexpr bool is_short(Lane lane) { return kLaneTable[index_of(lane)].is_short; }

// The one verb of that stage; no constant where it is not the only one.
consteval Verb verb_of(Stage stage) {
    std::size_t found = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < kVerbs; ++i) {
        if (kVerbTable[i].stage != stage) continue;
        ++found;
        at = i;
    }
    if (found != 1) throw "there must be one verb of that stage";
    return kVerbTable[at].verb;
}
inline constexpr Verb kUse = verb_of(Stage::use);
inline constexpr Verb kSwapOut = verb_of(Stage::swap_out);
inline constexpr Verb kWake = verb_of(Stage::none);

// How many verbs take time: they are the kinds of work that share a node.
inline constexpr std::size_t kTimedVerbs = [] {
    std::size_t timed = 0;
    while (timed < kVerbs && kVerbTable[timed].activity) ++timed;
    return timed;
}();

// A bit of each verb whose row is so: what is asked for every command is asked of a constant.
template <class Is>
consteval std::uint32_t verbs_that(Is is) {
    std::uint32_t bits = 0;
    for (const VerbRow& row : kVerbTable) bits |= std::uint32_t{is(row)} << index_of(row.verb);
    return bits;
}
// The verbs of a way in, and the place of each among them, in the order of the table.
inline constexpr std::size_t kSwapInVerbs = [] {
    std::size_t count = 0;
    for (const VerbRow& row : kVerbTable) count += std::size_t{row.stage == Stage::swap_in};
    return count;
}();
constexpr std::size_t step_rank(Verb verb) {
    std::size_t rank = 0;
    for (std::size_t i = 0; i < index_of(verb); ++i)
        rank += std::size_t{kVerbTable[i].stage == Stage::swap_in};
    return rank;
}
constexpr bool takes_time(Verb verb) { return index_of(verb) < kTimedVerbs; }
constexpr bool brings(Verb verb) {
    constexpr std::uint32_t all = verbs_that([](const VerbRow& row) { return row.brings; });
    return (all >> index_of(verb) & 1U) != 0;
}
constexpr bool swaps_in(Verb verb) {
    constexpr std::uint32_t all =
        verbs_that([](const VerbRow& row) { return row.stage == Stage::swap_in; });
    return (all >> index_of(verb) & 1U) != 0;
}
constexpr bool uses(Verb verb) { return verb == kUse; }
constexpr bool uses(Lane lane) { return lane == lane_of(kUse); }
constexpr bool swaps_out(Verb verb) { return verb == kSwapOut; }

static_assert(
    [] {
        for (std::size_t i = 0; i < kVerbs; ++i)
            if (index_of(kVerbTable[i].verb) != i ||
                kVerbTable[i].activity.has_value() != (i < kTimedVerbs))
                return false;
        for (std::size_t i = 0; i <= kLanes; ++i)
            if (index_of(kLaneTable[i].lane) != i) return false;
        return true;
    }(),
    "the tables are in the order of their enumerations, verbs that take time first");
static_assert(
    [] {
        for (const ActivityRow& activity : kActivityTable) {
            Done done = Done::within_another;
            for (const VerbRow& row : kVerbTable)
                if (row.activity == activity.activity)
                    done = row.lane == Lane::none ? Done::off_lane : Done::on_lane;
            if (done != activity.done) return false;
        }
        return true;
    }(),
    "an activity is done on a lane where a verb of a lane costs it, else within another");

}  // namespace swaplab
