// Replications of a noisy run, put together.
#pragma once

#include <vector>

#include "policies/metrics/result.h"

namespace swaplab {

// One result of all: latencies and misses are pooled; makespan, busy time, stalls, energy,
// bytes and events are means (rounded); memory is that of the replication with the highest peak;
// the verdict is the worst, with its reason. Needs at least one result; one alone is returned as it
// is.
RunResult pooled(std::vector<RunResult> replications);

}  // namespace swaplab
