// What a run on real memory and real files leaves behind, besides its spans.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiles/base/digests.h"
#include "profiles/base/units.h"

namespace swaplab {

// How late the ends of one lane's activities were, on the wall clock (nearest rank).
struct LaneLateness {
    std::string lane;  // "storage"; "release" for what needs none
    std::int64_t count = 0;
    Duration p50{}, p95{}, p99{}, max{};
};

// How well an emulated run kept the pace of its device.
struct Pace {
    double time_scale = 1;            // wall clock / time of the device
    std::vector<LaneLateness> lanes;  // those on which something ended
};

// What the operating system saw of a run on real memory and real files.
struct Evidence {
    // Fetched from the storage layer (/proc/self/io: read_bytes), and VmHWM during the run above
    // VmRSS before its memory was made; absent where the system does not tell.
    std::optional<Bytes> read_from_storage;
    std::optional<Bytes> resident_growth;
    Bytes committed_peak;  // of the run's own memory: arenas and activations, by page
    std::optional<Bytes> cgroup_peak;
    // By job: a digest of each request's outputs, in order of requests; empty where none are made.
    std::vector<Digests> outputs;
    // "storage" -> "io_uring, direct, 8 requests of 1 MiB in flight", for the certificate.
    std::map<std::string, std::string> conditions;
    std::optional<Pace> pace;  // of an emulated run
};

}  // namespace swaplab
