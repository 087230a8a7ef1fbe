// The energy of a run by integrating power over time: from change to change of what runs and of the
// mode, one slice after the other. Nothing is added up by kind of activity.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace swaplab::oracle {

struct Watts {
    double idle = 0;
    std::map<std::string, double> above_idle;  // by what runs
    double per_byte_read = 0;                  // J
    double per_byte_of_dram = 0;
};

struct Ran {
    std::string what;
    std::int64_t start = 0, end = 0;  // ns
    std::int64_t bytes = 0;           // that it brought
};

struct EnergyRun {
    std::vector<Ran> all;
    std::int64_t makespan = 0;
    // Instants from which on a mode is in force, rising, from before all that ran.
    std::vector<std::pair<std::int64_t, std::string>> modes;
    std::map<std::string, Watts> watts;  // by mode
};

inline const Watts& watts_at(const EnergyRun& run, std::int64_t instant) {
    const std::string* mode = &run.modes.front().second;
    for (const auto& [from, name] : run.modes)
        if (from <= instant) mode = &name;
    return run.watts.at(*mode);
}

inline double integral_of_power(const EnergyRun& run) {
    std::map<std::int64_t, bool> instants{{0, true}, {run.makespan, true}};
    for (const auto& [from, name] : run.modes) instants[from] = true;
    for (const Ran& ran : run.all) instants[ran.start] = instants[ran.end] = true;
    double joules = 0;
    for (auto at = instants.begin(); std::next(at) != instants.end(); ++at) {
        const auto [from, to] = std::pair(at->first, std::next(at)->first);
        if (from < 0) continue;
        const Watts& watts = watts_at(run, from);
        double power = from < run.makespan ? watts.idle : 0;
        for (const Ran& ran : run.all) {
            const auto draws = watts.above_idle.find(ran.what);
            if (ran.start <= from && ran.end >= to && draws != watts.above_idle.end())
                power += draws->second;
        }
        joules += power * static_cast<double>(to - from) * 1e-9;
    }
    return joules;
}

// What is read is written to DRAM and read from there, what is copied likewise. Bytes belong to the
// mode in force when the command that brings them ends, which is before a change at that instant.
inline double energy_of_bytes(const EnergyRun& run) {
    double joules = 0;
    for (const Ran& ran : run.all) {
        const Watts& watts = watts_at(run, ran.end - 1);
        const auto bytes = static_cast<double>(ran.bytes);
        if (ran.what == "read") joules += bytes * watts.per_byte_read;
        joules += 2 * bytes * watts.per_byte_of_dram;
    }
    return joules;
}

}  // namespace swaplab::oracle
