// A timeline as a sink: processes, lanes, slices, counters and instants, whatever the file format.
// A simulation and a measurement may write to one sink, each as processes of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/port/verbs.h"
#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

using ProcessId = Id<struct ProcessTag>;    // a group of lanes: one node of one run
using LaneId = Id<struct LaneTag>;          // slices that do not overlap, or instants
using CountersId = Id<struct CountersTag>;  // values that belong together, with one sum
using NameId = Id<struct NameTag>;          // what a slice or instant is called, with arguments

// The verbs that take time, by their numbers, and what explains them.
// On lanes of requests instants are deadlines.
enum class SliceKind : std::uint8_t { stall = kTimedVerbs, mark, request };
inline constexpr std::size_t kSliceKinds = kTimedVerbs + 3;
constexpr SliceKind slice_of(Verb verb) { return static_cast<SliceKind>(index_of(verb)); }
std::string_view name_of(SliceKind kind);

struct LaneSpec {
    ProcessId process;
    std::string name;
    SliceKind kind = SliceKind::mark;  // of all that is on it
    int rank = 0;  // lanes and counters of a process are shown in ascending order
};

// The series are parts of a whole, drawn on top of one another; `sum` (their sum, or what of it
// counts) is compared with `limit`.
struct CountersSpec {
    ProcessId process;
    std::string name;
    std::vector<std::string> series;
    std::string sum, limit;
    int rank = 0;
};

struct Argument {
    std::string name;
    std::int64_t value = 0;
};

// Given once and used by many slices.
struct NameSpec {
    std::string name;
    std::uint32_t group = 0;  // what is coloured alike where colours are ours: the job
    std::string group_name;
    std::vector<Argument> arguments;
};

struct Slice {
    LaneId lane;
    NameId name;
    Time from{};
    Time to{};  // not before `from`; zero-length slices are slices
    RequestId request;
    // Slices with one flow (> 0) are tied together in the order in which they come.
    std::uint64_t flow = 0;
    bool ends_flow = false;
    std::optional<std::uint32_t> pass{};  // of a generative model's request
};

struct Instant {
    LaneId lane;
    NameId name;
    Time at{};
    RequestId request;
};

struct CounterSample {
    CountersId counters;
    Time at{};
    std::span<const Bytes> series;
    Bytes sum;
    std::uint32_t changed = 0;  // bit of each series; the sum may always have changed
};

// Slices of a lane come in order of time; different lanes may be told of in any order. Names and
// lanes may be added at any time.
class Timeline {
  public:
    virtual ~Timeline() = default;

    virtual ProcessId add_process(const std::string& name) = 0;
    virtual LaneId add_lane(const LaneSpec& lane) = 0;
    virtual CountersId add_counters(const CountersSpec& counters) = 0;
    virtual NameId add_name(const NameSpec& name) = 0;

    virtual void slice(const Slice& slice) = 0;
    virtual void instant(const Instant& instant) = 0;
    virtual void sample(const CounterSample& sample) = 0;
    virtual void limit(CountersId counters, Time at, Bytes limit) = 0;

    // Writes what is left. Nothing may follow.
    virtual void finish() = 0;
};

}  // namespace swaplab
