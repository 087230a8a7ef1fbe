// The energy of a run (SEMANTICS: Energy; SYSTEMS: Energy).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "profiles/base/id_vector.h"
#include "profiles/device/platform.h"

namespace swaplab {

// What one node did in a run, as far as it draws power.
struct NodeUse {
    Duration executing{};  // total length of its executions
    Bytes read;            // from storage
    Bytes copied;          // by copy commands: twice the bytes of a block whose path has two
};

// A part of a run in one mode, until the next one begins or the run ends.
struct ModePeriod {
    Time from{};
    std::string mode;                      // empty: the nodes' own
    IdVector<NodeId, Duration> executing;  // in it
};

// In joules, the sum over the nodes of
//   P_idle·T + P_execute·executing + read·e_read + 2·read·e_dram + 2·copied·e_dram
// with T the makespan: what is read from storage is written to DRAM and read again once. That a
// copy reads and writes DRAM as well is ours; the publication counts zero-copy reads only. Powers
// are those of the mode in force: in a run that changed it, T and what was executing are split at
// the changes (`periods`, from the start on; empty: it was the platform's throughout). `by_node`
// has an entry for each node of the platform. nullopt if any node has no power figures, or if the
// sum is beyond a double.
std::optional<double> energy_j(const Platform& platform, Duration makespan,
                               IdSpan<NodeId, const NodeUse> by_node,
                               std::span<const ModePeriod> periods = {});

}  // namespace swaplab
