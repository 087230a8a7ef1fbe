#include "profiles/base/latency_summary.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace swaplab {

namespace {

using All = std::span<const Durations* const>;

template <class Visit>
void for_each(All all, Visit visit) {
    for (const Durations* some : all) some->for_each(visit);
}

// The value of that rank (from 1) when all are sorted; in memory that does not depend on how many
// there are. Counts how many lie in each of equally wide buckets, and again in the one that has it.
Duration of_rank(All all, std::int64_t rank, Duration least, Duration most) {
    constexpr std::uint64_t kBuckets = 1 << 14;
    std::vector<std::int64_t> counts(kBuckets);
    auto low = least.count(), high = most.count();
    while (low < high) {
        const std::uint64_t range =
            static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        const std::uint64_t width = range / kBuckets + 1;
        std::ranges::fill(counts, 0);
        for_each(all, [&](Duration duration) {
            const auto value = duration.count();
            if (value >= low && value <= high)
                ++counts[(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(low)) /
                         width];
        });
        std::uint64_t bucket = 0;
        for (; rank > counts[bucket]; ++bucket) rank -= counts[bucket];
        const std::uint64_t begin = bucket * width;
        high = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) +
                                         std::min(range, begin + width - 1));
        low = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + begin);
    }
    return Duration{low};
}

std::vector<Duration> sorted(All all) {
    std::vector<Duration> values;
    for_each(all, [&](Duration duration) { values.push_back(duration); });
    std::ranges::sort(values);
    return values;
}

}  // namespace

LatencySummary summarize(All all) {
    LatencySummary summary;
    Duration total{};
    for_each(all, [&](Duration latency) {
        summary.min = summary.count == 0 ? latency : std::min(summary.min, latency);
        summary.max = summary.count == 0 ? latency : std::max(summary.max, latency);
        total += latency;
        ++summary.count;
    });
    if (summary.count == 0) return summary;
    summary.mean = Duration{(total.count() + summary.count / 2) / summary.count};  // to nearest
    const bool long_ones =
        std::ranges::any_of(all, [](const Durations* some) { return some->beyond_memory(); });
    const std::vector<Duration> values = long_ones ? std::vector<Duration>{} : sorted(all);
    const auto percentile = [&](std::int64_t percent) {
        const std::int64_t rank = std::max<std::int64_t>(1, (percent * summary.count + 99) / 100);
        return long_ones ? of_rank(all, rank, summary.min, summary.max)
                         : values[static_cast<std::size_t>(rank - 1)];
    };
    summary.p50 = percentile(50);
    summary.p95 = percentile(95);
    summary.p99 = percentile(99);
    return summary;
}

LatencySummary summarize(const Durations& latencies) {
    const Durations* const only = &latencies;
    return summarize(All(&only, 1));
}

}  // namespace swaplab
