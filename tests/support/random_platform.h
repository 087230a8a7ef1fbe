// Random platforms of one node.
#pragma once

#include "profiles/device/platform.h"
#include "tests/support/random.h"

namespace swaplab::testing {

struct PlatformShape {
    bool fractional = false;  // coefficients that make durations round
    bool contention = false;
    bool speed_ups = false;    // with contention: factors below 1 too
    bool concurrency = false;  // a curve of up to `most_parallel` parallel reads
    std::int64_t most_parallel = 4;
    bool read_table = false;  // lone reads by a table in some
    bool fresh = false;       // fresh memory costs something in some
    bool after_idle = false;
    bool host_time = false;
    bool mode = false;            // an operating mode in force that scales times
    bool requests = true;         // read.request_bytes in some
    bool free_hand_offs = false;  // assemble and release cost nothing
    bool per_block = true;        // constants per block in some activities
    bool positive = false;        // no activity takes 0 ns
    std::uint32_t most_assemble_lanes = 1;
    std::int64_t most_alignment = 1;
    std::int64_t scale = std::int64_t{1}
                         << 20;  // as in ModelShape: what latencies are balanced for
};

Platform random_platform(std::uint64_t seed, const PlatformShape& shape = {});

// With these coefficients of variation of reads and executions.
Platform with_noise(Platform platform, double read_cv, double execute_cv);

// In W: whatever happens, and above it while something executes. Bytes take no energy.
PowerSpec idle_and_execute(double idle_w, double execute_w);

}  // namespace swaplab::testing
