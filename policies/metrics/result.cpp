#include "policies/metrics/result.h"

#include <array>
#include <vector>

namespace swaplab {

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 7> names{
        "ok", "infeasible", "deadline-miss", "stuck", "infeasible-from", "interrupted", "refused"};
    return names[static_cast<std::size_t>(verdict)];
}

namespace {

// Turns under `direct` of as many requests as ended here.
double full_memory_ns(const JobResult& job) {
    const double all = static_cast<double>(count_ns(job.full_memory_turns));
    const auto ended = std::ssize(job.turns);
    if (job.full_memory_requests == 0 || ended == job.full_memory_requests) return all;
    return all * static_cast<double>(ended) / static_cast<double>(job.full_memory_requests);
}

double ratio(Duration a, double b) { return b == 0 ? 0.0 : static_cast<double>(count_ns(a)) / b; }

}  // namespace

Durations JobResult::waits() const {
    Durations waits;
    Durations::Reader own(turns);
    latencies.for_each([&](Duration all) { waits.push_back(all - own.next()); });
    return waits;
}

double JobResult::slowdown() const { return ratio(turns.sum(), full_memory_ns(*this)); }

void JobResult::summarize_all() {
    latency = summarize(latencies);
    turn = summarize(turns);
    waiting = summarize(waits());
    first_token = summarize(first_tokens);
    next_token = summarize(next_tokens);
}

void RunResult::summarize_all() {
    for (JobResult& job : jobs) job.summarize_all();
    if (jobs.size() == 1) {
        latency = jobs.front().latency;
        turn = jobs.front().turn;
        waiting = jobs.front().waiting;
        return;
    }
    std::vector<Durations> waits;
    std::vector<const Durations*> latencies, turns, waits_of_all;
    for (const JobResult& job : jobs) {
        latencies.push_back(&job.latencies);
        turns.push_back(&job.turns);
        waits.push_back(job.waits());
    }
    for (const Durations& some : waits) waits_of_all.push_back(&some);
    latency = summarize(latencies);
    turn = summarize(turns);
    waiting = summarize(waits_of_all);
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
    double in_full_memory = 0;
    for (const JobResult& job : jobs) {
        all += job.turns.sum();
        in_full_memory += full_memory_ns(job);
    }
    return ratio(all, in_full_memory);
}

}  // namespace swaplab
