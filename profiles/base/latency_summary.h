// Many latencies in a few numbers.
#pragma once

#include <span>

#include "profiles/base/durations.h"

namespace swaplab {

// Nearest-rank percentiles; the mean is rounded to ns. All zero when nothing was measured.
struct LatencySummary {
    std::int64_t count = 0;
    Duration mean{}, min{}, p50{}, p95{}, p99{}, max{};
    friend bool operator==(const LatencySummary&, const LatencySummary&) = default;
};
LatencySummary summarize(const Durations& latencies);
// Of all of them together.
LatencySummary summarize(std::span<const Durations* const> all);

}  // namespace swaplab
