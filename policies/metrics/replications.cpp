#include "policies/metrics/replications.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/fit/statistics.h"

namespace swaplab {

namespace {

// The mean over replications of an integer quantity (>= 0), to nearest; what the single ones leave
// when divided is added up apart, so that no sum is too large.
template <class Get>
std::int64_t mean_of(const std::vector<RunResult>& all, Get get) {
    const std::int64_t count = std::ssize(all);
    std::int64_t mean = 0, left = 0;
    for (const RunResult& one : all) {
        const auto value = static_cast<std::int64_t>(get(one));
        mean += value / count;
        left += value % count;
    }
    return mean + (left + count / 2) / count;
}

template <class Get>
Duration mean_duration(const std::vector<RunResult>& all, Get get) {
    return Duration{mean_of(all, [&](const RunResult& one) { return get(one).count(); })};
}

void pool_requests(RunResult& pooled, const std::vector<RunResult>& all) {
    std::int64_t misses = 0;
    for (std::size_t j = 0; j < pooled.jobs.size(); ++j) {
        JobResult& job = pooled.jobs[j];
        for (std::size_t r = 1; r < all.size(); ++r) {
            const JobResult& other = all[r].jobs[j];
            job.latencies.append(other.latencies);
            job.turns.append(other.turns);
            job.first_tokens.append(other.first_tokens);
            job.next_tokens.append(other.next_tokens);
            job.deadline_misses += other.deadline_misses;
            job.dropped += other.dropped;
            job.aborted += other.aborted;
            job.ended.insert(job.ended.end(), other.ended.begin(), other.ended.end());
        }
        misses += job.deadline_misses;
    }
    pooled.summarize_all();
    if (const std::int64_t due = pooled.latency.count + pooled.aborted(); due > 0)
        pooled.deadline_miss_ratio = static_cast<double>(misses) / static_cast<double>(due);
}

// Busy + stalls = makespan holds for the rounded means, too: what is left is `other`, and what is
// too much the largest has not.
Stalls mean_stalls(const RunResult& pooled, const std::vector<RunResult>& all) {
    Stalls stalls;
    for (const StallReason reason : kAllStallReasons)
        if (reason != StallReason::other)
            stalls[reason] =
                mean_duration(all, [&](const RunResult& r) { return r.stalls[reason]; });
    const Duration left = pooled.makespan - pooled.compute_busy - stalls.sum();
    stalls[StallReason::other] = std::max(Duration{}, left);
    const StallReason largest = *std::ranges::max_element(
        kAllStallReasons, {}, [&](StallReason reason) { return stalls[reason]; });
    stalls[largest] += std::min(Duration{}, left);
    return stalls;
}

void average_times(RunResult& pooled, const std::vector<RunResult>& all) {
    pooled.makespan = mean_duration(all, [](const RunResult& r) { return r.makespan; });
    pooled.compute_busy = mean_duration(all, [](const RunResult& r) { return r.compute_busy; });
    pooled.stalls = mean_stalls(pooled, all);
    pooled.swapped_in = {mean_of(all, [](const RunResult& r) { return r.swapped_in.count; })};
    pooled.used = {mean_of(all, [](const RunResult& r) { return r.used.count; })};
    pooled.read_again = {mean_of(all, [](const RunResult& r) { return r.read_again.count; })};
    pooled.events =
        static_cast<std::uint64_t>(mean_of(all, [](const RunResult& r) { return r.events; }));
}

std::optional<double> mean_energy(const std::vector<RunResult>& all) {
    double sum = 0;
    for (const RunResult& one : all) {
        if (!one.energy_j) return std::nullopt;
        sum += *one.energy_j;
    }
    return sum / static_cast<double>(all.size());
}

Replications spread_of(const std::vector<RunResult>& all) {
    Replications spread;
    spread.count = std::ssize(all);
    std::vector<double> means;
    for (const RunResult& one : all) {
        spread.mean_latency.push_back(one.latency.mean);
        means.push_back(static_cast<double>(one.latency.mean.count()));
    }
    if (means.size() > 1) spread.half_width = Duration{std::llround(half_width_95(means))};
    return spread;
}

}  // namespace

RunResult pooled(std::vector<RunResult> all) {
    SWAPLAB_CHECK(!all.empty(), "no replication to pool of {} results", all.size());
    if (all.size() == 1) {  // of a million requests copies count
        Replications spread = spread_of(all);
        RunResult only = std::move(all.front());
        only.replications = std::move(spread);
        return only;
    }
    const auto worst = std::ranges::max_element(all, {}, &RunResult::verdict);
    const auto highest =
        std::ranges::max_element(all, {}, [](const RunResult& one) { return one.memory.peak; });
    RunResult pooled = all.front();
    pooled.verdict = worst->verdict;
    pooled.reason = worst->reason;
    pooled.memory = highest->memory;
    pooled.replications = spread_of(all);
    pool_requests(pooled, all);
    average_times(pooled, all);
    pooled.energy_j = mean_energy(all);
    return pooled;
}

}  // namespace swaplab
