// What a run yields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policies/metrics/stalls.h"
#include "policies/port/device.h"
#include "policies/port/evidence.h"
#include "policies/port/workload.h"
#include "profiles/base/latency_summary.h"

namespace swaplab {

// `interrupted`: somebody asked for the end (`RunRequest::stop`); what there is, is of the requests
// that had ended. `refused`: of a comparison, which goes on where a policy breaks a rule of the
// device (`RefusedByDevice`).
enum class Verdict : std::uint8_t {
    ok,
    infeasible,
    deadline_miss,
    stuck,
    infeasible_from,
    interrupted,
    refused
};
// Whether the run ended with requests that can never go on.
constexpr bool is_stuck(Verdict verdict) {
    return verdict == Verdict::stuck || verdict == Verdict::infeasible_from;
}
std::string_view name_of(Verdict verdict);  // "ok", "infeasible", "deadline-miss", ...

enum class BoundOf : std::uint8_t { latency, makespan };

// From `request` on a job ran by this row of its lookup table.
struct Adopted {
    RequestId request;
    std::uint32_t variant = 0;
    Bytes need;
    std::uint32_t blocks = 0;
};

// What a plan keeps in memory, where it was asked to.
struct KeptBlocks {
    Bytes bytes;
    std::uint32_t blocks = 0;
    Duration steady_pass{};        // predicted
    bool every_set_tried = false;  // it is the best of all sets, not of some
};

struct JobResult {
    std::string model;
    Bytes budget;                    // at the start
    std::vector<BlockFacts> blocks;  // at the start
    std::optional<KeptBlocks> kept;  // likewise
    LatencySummary latency, turn, waiting;
    LatencySummary first_token, next_token;  // of a generative model, else empty
    std::int64_t deadline_misses = 0;        // those of requests that were given up, too
    std::int64_t dropped = 0, aborted = 0;   // requests (SEMANTICS: Dispatch)
    std::vector<RequestId> ended;  // where some may not: those that did, replication by replication
    // Of every request (token), in order; replication after replication.
    Durations latencies, turns, first_tokens, next_tokens;
    // Of the same requests under `direct`, added up; of a job that runs until a given time there
    // may be more or fewer of them.
    Duration full_memory_turns{};
    std::int64_t full_memory_requests = 0;
    std::vector<Adopted> adopted;  // where the budget may change; of the first replication

    void summarize_all();  // the summaries, from these
    Durations waits() const;
    // All turns over those under `direct`; 0 where that was not run.
    double slowdown() const;
};

// How the replications of a noisy run differ.
struct Replications {
    std::int64_t count = 1;
    std::vector<Duration> mean_latency;  // of each
    // Half the width of the 95 % confidence interval of the mean latency (Student's t over the
    // replications); nullopt for a single one.
    std::optional<Duration> half_width;
};

struct RunResult {
    Verdict verdict = Verdict::ok;
    std::string reason;               // of infeasible or stuck: for people, may have many lines
    Bytes minimum_budget;             // of infeasible, and from an instant on
    std::vector<std::string> layers;  // of infeasible: the layers that force it

    // Since when the budget has been below that, and how much it is.
    std::optional<BudgetChange> infeasible_from;

    std::string policy;  // its spec
    std::optional<Bytes> budget;
    LatencySummary latency;  // over all requests of all jobs
    // What a latency is made of (SEMANTICS: Metrics): its own turn, and waiting for others.
    LatencySummary turn, waiting;
    std::int64_t requests = 0;  // that ended, of one replication
    Duration makespan{};        // from the first arrival to the end of the last execution
    Duration compute_busy{};
    Stalls stalls;
    double deadline_miss_ratio = 0;        // of requests that ended or were given up
    Duration full_memory_latency{};        // mean over requests of `direct`, with the same noise
    std::optional<Pace> full_memory_pace;  // of that run, where it was emulated
    Duration lower_bound{};                // of any policy at this budget
    Duration policy_bound{};               // of this policy's own means: at least `lower_bound`
    BoundOf lower_bound_of = BoundOf::latency;  // of both
    std::optional<Duration> closed_form;
    MemoryReport memory;
    // What the reads and executions that took place would take if nothing ever waited for anything
    // but them: a bound from durations as they were, not as a profile has them. Of a cold request
    // of one job, in which blocks are read once each,
    // max_i(sum_{j<=i} read_j / k + sum_{j>=i} execute_j) with means over the requests and k reads
    // at once; else max(all reads / k, all executions), of the makespan.
    Duration measured_lower_bound{};
    BoundOf measured_lower_bound_of = BoundOf::latency;
    std::optional<Evidence> evidence;   // of a real device; of the first replication
    std::optional<bool> outputs_equal;  // to those of `direct`, where both made some
    Bytes swapped_in;                   // bytes read from storage
    Bytes used;                         // bytes on storage of what executions used, each time
    Bytes read_again;                   // of `swapped_in`, of blocks that had been read before
    std::optional<double> energy_j;     // until the makespan; absent without power figures
    std::uint64_t events = 0;           // completed activities of non-zero duration, and arrivals
    std::vector<JobResult> jobs;
    Replications replications;

    // Whether it did what was asked for; a missed deadline is a result.
    std::int64_t dropped() const;  // requests of all jobs
    std::int64_t aborted() const;
    bool ran() const { return verdict == Verdict::ok || verdict == Verdict::deadline_miss; }
    // Of what executions used, what was in memory already; nothing where nothing was used.
    Bytes hit() const { return std::max(Bytes{}, used - swapped_in); }
    std::optional<double> hit_rate() const;
    void summarize_all();             // the jobs' summaries, and those over all of them
    double throughput_per_s() const;  // requests of one replication / makespan
    double slowdown() const;          // all turns / all turns under `direct`; 0 where not run
};

}  // namespace swaplab
