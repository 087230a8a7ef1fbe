// The metrics of a run, accumulated from completions (SEMANTICS: Metrics).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "policies/port/device.h"
#include "policies/port/workload.h"
#include "policies/run/energy.h"
#include "policies/run/observer.h"
#include "policies/run/result.h"

namespace swaplab {

class Metrics {
  public:
    // `observer` hears of stalls and ends of requests; may be null.
    Metrics(const DeviceSetup& setup, const Workload& workload, Observer* observer);

    void on_arrival(const Arrival& arrival);
    // The end of a step of a swap-in, of an execution, of a release.
    void on_step(const Completion& span);
    void on_use(const Completion& span);
    void on_release(const Completion& span) { count(span); }
    void on_mode(Time at, const std::string& mode);  // from then on

    std::int64_t requests_ended() const { return requests_ended_; }
    std::int64_t requests_ended(JobId job) const {
        return static_cast<std::int64_t>(jobs_[job].latencies.size());
    }
    // Fills in everything that a run measures.
    void report(RunResult& result) const;

  private:
    // One step of a swap-in, with why it began late.
    struct Step {
        Time start, end;
        Time released;  // until then it waited for a release
        Time blocked;   // from then on it waited for a place
    };
    struct SwapIn {
        Bytes stored_bytes, parameter_bytes;
        std::uint8_t count = 0;
        bool last = false;  // of its variant: where a request ends
        std::uint32_t variant = 0;
        const BlockFacts* varying = nullptr;  // where what comes in depends on pass or request
        std::array<Step, kMostSteps> steps;
        // Over the whole run.
        Duration reading{}, executing{};
    };
    struct JobState {
        IdVector<BlockId, SwapIn> swap_ins;  // the current one of each
        std::vector<Time> arrivals;  // of requests that have not ended, from `ended_arrivals` on
        std::size_t ended_arrivals = 0;
        std::optional<Time> last_end;
        Time pass_end{};  // of the pass before
        std::uint32_t passes = 1;
        std::vector<Duration> latencies;
        std::vector<Duration> first_tokens, next_tokens;  // of a generative model
        std::int64_t deadline_misses = 0;
        std::vector<Adopted> adopted;  // where a request took another variant than the one before
    };

    void count(const Completion& span) {
        events_ += static_cast<std::uint64_t>(span.end > span.start);
    }
    // What a swap-in brings in the command's request and pass.
    const BlockFacts& facts_of(const Action& command) const;
    std::uint32_t passes(const JobState& job, const Action& command) const;
    static Time begin_of_request(const JobState& job, const Job& spec);
    void note_variant(JobState& job, const Action& last) const;
    void end_pass(JobState& job, const Action& last, Time end);
    void end_request(JobState& job, JobId id, Time end);
    void split_execution(const Completion& span);
    void explain_gap(const SwapIn& swap_in, Time from, const Completion& execution);
    Duration& stall_of(StallReason reason);
    void bound_by_durations(RunResult& result) const;

    const Platform& platform_;
    const Deployment& deployment_;
    const Workload& workload_;
    const RequestFacts* requests_;  // null where all are as their models
    Observer* observer_;
    std::uint32_t parallel_reads_;
    IdVector<JobId, JobState> jobs_;
    IdVector<NodeId, NodeUse> used_;
    std::vector<ModePeriod> periods_;  // from the first change of the mode on
    Time compute_end_ = kStart;        // of the last execution
    Stalls stalls_;
    std::uint64_t events_ = 0;
    std::int64_t requests_ended_ = 0;
};

}  // namespace swaplab
