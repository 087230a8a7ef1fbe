#include "policies/metrics/result.h"

#include <array>
#include <numeric>

namespace swaplab {

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 6> names{"ok",    "infeasible",  "deadline-miss",
                                                           "stuck", "interrupted", "refused"};
    return names[static_cast<std::size_t>(verdict)];
}

namespace {

Duration sum_of(const std::vector<Duration>& all) {
    return std::accumulate(all.begin(), all.end(), Duration{});
}

double ratio(Duration a, Duration b) {
    return b == Duration::zero()
               ? 0.0
               : static_cast<double>(count_ns(a)) / static_cast<double>(count_ns(b));
}

}  // namespace

std::vector<Duration> JobResult::waits() const {
    std::vector<Duration> waits = latencies;
    for (std::size_t r = 0; r < waits.size(); ++r) waits[r] -= turns[r];
    return waits;
}

double JobResult::slowdown() const { return ratio(sum_of(turns), full_memory_turns); }

void JobResult::summarize_all() {
    latency = summarize(latencies);
    turn = summarize(turns);
    waiting = summarize(waits());
    first_token = summarize(first_tokens);
    next_token = summarize(next_tokens);
}

void RunResult::summarize_all() {
    std::vector<Duration> latencies, turns, waits;
    const auto append = [](std::vector<Duration>& to, const std::vector<Duration>& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    for (JobResult& job : jobs) {
        job.summarize_all();
        append(latencies, job.latencies);
        append(turns, job.turns);
        append(waits, job.waits());
    }
    latency = summarize(std::move(latencies));
    turn = summarize(std::move(turns));
    waiting = summarize(std::move(waits));
}

namespace {

std::int64_t sum_of(const std::vector<JobResult>& jobs, std::int64_t JobResult::*count) {
    std::int64_t sum = 0;
    for (const JobResult& job : jobs) sum += job.*count;
    return sum;
}

}  // namespace

std::int64_t RunResult::dropped() const { return sum_of(jobs, &JobResult::dropped); }
std::int64_t RunResult::aborted() const { return sum_of(jobs, &JobResult::aborted); }

double RunResult::throughput_per_s() const {
    return makespan.count() == 0
               ? 0.0
               : static_cast<double>(requests) * 1e9 / static_cast<double>(makespan.count());
}

std::optional<double> RunResult::hit_rate() const {
    if (used.count == 0) return std::nullopt;
    return static_cast<double>(hit().count) / static_cast<double>(used.count);
}

double RunResult::slowdown() const {
    Duration all{};
    Duration in_full_memory{};
    for (const JobResult& job : jobs) {
        all += sum_of(job.turns);
        in_full_memory += job.full_memory_turns;
    }
    return ratio(all, in_full_memory);
}

}  // namespace swaplab
