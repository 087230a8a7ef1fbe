// The energy of a run (SEMANTICS: Energy; SYSTEMS: Energy).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "policies/port/command.h"
#include "profiles/base/id_vector.h"
#include "profiles/device/platform.h"

namespace swaplab {

// What one node did, as far as it draws power.
struct NodeUse {
    // How long its commands took, by verb: of two that run at once both count.
    std::array<Duration, kTimedVerbs> time{};
    Bytes read;    // from storage
    Bytes copied;  // by copy commands: twice the bytes of a block whose path has two

    Duration executing() const {
        Duration sum{};
        for (std::size_t v = 0; v < kTimedVerbs; ++v)
            if (uses(static_cast<Verb>(v))) sum += time[v];
        return sum;
    }
};

// A part of a run in one mode, until the next one begins or the run ends.
struct ModePeriod {
    Time from{};
    std::string mode;               // empty: the nodes' own
    IdVector<NodeId, NodeUse> use;  // in it
};

// The time of a command, in each of the periods that it ran in; they go on from the start of a run.
void add_time(const Completion& span, std::span<ModePeriod> periods);
// The period in which something ends then: a change of the mode comes after what ends at its
// instant.
ModePeriod& period_of_end(Time end, std::span<ModePeriod> periods);

// In joules, the sum over the nodes and, in a run that changed its mode, over the periods, of
//   P_idle·T + Σ P_verb·time of its commands + read·e_read + 2·read·e_dram + 2·copied·e_dram
// with T the makespan: what is read from storage is written to DRAM and read again once. That a
// copy reads and writes DRAM as well is ours; the publication counts zero-copy reads only. Powers
// and energies per byte are those of the period's mode. nullopt if any node has no power figures in
// a mode that was in force, or if the sum is beyond a double.
std::optional<double> energy_j(const Platform& platform, Duration makespan,
                               std::span<const ModePeriod> periods);

}  // namespace swaplab
