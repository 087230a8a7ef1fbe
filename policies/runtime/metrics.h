// The metrics of a run, accumulated from completions (3-semantics: Metrics).
#pragma once

#include <array>
#include <vector>

#include "policies/device.h"
#include "policies/result.h"
#include "policies/workload.h"

namespace swaplab {

class Metrics {
  public:
    Metrics(const DeviceSetup& setup, const Workload& workload);

    void on_arrival(const Arrival& arrival);
    void on_swap_in(const Completion& span);  // the end of a read, copy or assemble
    void on_execute(const Completion& span);
    void on_release(const Completion& span) { count(span); }

    std::int64_t requests_ended() const { return requests_ended_; }
    std::int64_t requests_ended(JobId job) const {
        return static_cast<std::int64_t>(jobs_[job.index].latencies.size());
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
        Bytes stored_bytes;
        std::uint8_t count = 0;
        bool last = false;  // of its variant: where a request ends
        std::uint32_t variant = 0;
        std::array<Step, 4> steps;
    };
    struct JobState {
        std::vector<SwapIn> swap_ins;  // by block, the current one
        std::vector<Time> arrivals;    // of requests that have not ended, from `ended_arrivals` on
        std::size_t ended_arrivals = 0;
        std::optional<Time> last_end;
        std::vector<Duration> latencies;
        std::int64_t deadline_misses = 0;
        std::vector<Variant> variants;
        std::vector<Adopted> adopted;  // where a request took another variant than the one before
    };

    void count(const Completion& span) {
        events_ += static_cast<std::uint64_t>(span.end > span.start);
    }
    void end_request(JobState& job, const Job& spec, const Completion& last);
    void explain_gap(const SwapIn& swap_in, Time from, Time to);

    const Workload& workload_;
    std::vector<JobState> jobs_;
    Time compute_end_ = kStart;  // of the last execution
    Duration busy_{};
    Stalls stalls_;
    Bytes swapped_in_;
    std::uint64_t events_ = 0;
    std::int64_t requests_ended_ = 0;
};

}  // namespace swaplab
