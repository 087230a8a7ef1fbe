// From a recorded run to the replays of tests/laws/oracle: bytes from spans, and everything from
// what was submitted.
#pragma once

#include "policies/port/deployment.h"
#include "tests/laws/oracle/ledger.h"
#include "tests/laws/oracle/node_replay.h"
#include "tests/laws/tables.h"

namespace swaplab::laws {

// A run with all that is needed to replay it. Borrowed.
struct RunFacts {
    const Platform& platform;
    const Workload& workload;
    const Deployment& deployment;
    const testing::Simulation& simulation;
};

// Highest sum of bytes, from the spans and a liveness analysis of its own; with what the node
// reserves in `all`. For runs in which nothing takes 0 ns.
oracle::Peaks peaks_from_spans(const RunFacts& run);

// The only node of the platform, with so many servers on its storage lane.
oracle::NodeRules rules_of_node(const Platform& platform, std::uint32_t parallel_reads);

// Replays the submitted commands, but for those taken back, on the node of the oracle and expects
// every span, to the nanosecond, and the same peaks.
void expect_replay(const RunFacts& whole, Account account);

}  // namespace swaplab::laws
