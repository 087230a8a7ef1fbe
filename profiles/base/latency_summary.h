// Many latencies in a few numbers.
#pragma once

#include <vector>

#include "profiles/base/units.h"

namespace swaplab {

// Nearest-rank percentiles; the mean is rounded to ns. All zero when nothing was measured.
struct LatencySummary {
    std::int64_t count = 0;
    Duration mean{}, min{}, p50{}, p95{}, p99{}, max{};
};
LatencySummary summarize(std::vector<Duration> latencies);

}  // namespace swaplab
