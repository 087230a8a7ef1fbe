// Reads a Perfetto trace back, with the field numbers of perfetto's own .proto files written out
// again here, and checks what every such trace must obey.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace swaplab::testing {

struct TracedSlice {
    std::string lane, name, category;
    std::int64_t from = 0, to = 0;
    std::map<std::string, std::int64_t> arguments;
    std::uint64_t flow = 0;
    bool ends_flow = false;
};

struct TracedValue {
    std::int64_t at = 0;
    std::int64_t value = 0;
    friend bool operator==(const TracedValue&, const TracedValue&) = default;
};

struct PerfettoTrace {
    std::vector<std::string> processes;
    std::vector<TracedSlice> slices;                           // by lane in order of time
    std::vector<TracedSlice> instants;                         // `to` is `from`
    std::map<std::string, std::vector<TracedValue>> counters;  // by name, in order of the file
};

// Throws `std::runtime_error` if an event names a track, a name or a category that was not
// declared before, if a slice begins inside another of its track, ends without a beginning or never
// ends, or if the packets are not of one sequence whose state is cleared first.
PerfettoTrace read_perfetto(const std::string& bytes);

}  // namespace swaplab::testing
