#include "profiles/base/latency_summary.h"

#include <algorithm>

namespace swaplab {

LatencySummary summarize(std::vector<Duration> latencies) {
    LatencySummary summary;
    if (latencies.empty()) return summary;
    std::sort(latencies.begin(), latencies.end());
    const std::size_t n = latencies.size();
    const auto rank = [&](std::size_t percent) {
        return latencies[std::max<std::size_t>(1, (percent * n + 99) / 100) - 1];
    };
    Duration total{};
    for (const Duration latency : latencies) total += latency;
    summary.count = static_cast<std::int64_t>(n);
    summary.mean = Duration{(total.count() + summary.count / 2) / summary.count};  // to nearest
    summary.min = latencies.front();
    summary.p50 = rank(50);
    summary.p95 = rank(95);
    summary.p99 = rank(99);
    summary.max = latencies.back();
    return summary;
}

}  // namespace swaplab
