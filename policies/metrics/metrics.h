// The metrics of a run, accumulated from completions (SEMANTICS: Metrics).
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "policies/metrics/energy.h"
#include "policies/metrics/observer.h"
#include "policies/metrics/result.h"
#include "policies/metrics/stall_clocks.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"

namespace swaplab {

class Metrics {
  public:
    // `at_once`: on this device commands begin as soon as they may. `observer` hears of stalls and
    // ends of requests; may be null.
    Metrics(const DeviceSetup& setup, const Workload& workload, bool at_once, Observer* observer);

    void on_arrival(const Arrival& arrival);
    // A request of the job was dropped as it arrived: it is not seen otherwise.
    void on_drop(JobId job) { ++jobs_[job].dropped; }
    // A request is given up at its deadline, which it has missed; `executes`: a block of it still
    // does.
    void on_abort(JobId job, RequestId request, bool executes);
    // In order of submission; of a command for a request that has arrived.
    void on_submit(const Command& command, Time now) {
        stalls_.on_submit(command, now, arrival_of(command));
    }
    void on_cancel(Ticket ticket) { stalls_.on_cancel(ticket); }
    // The end of a step of a swap-in, of an execution, of a release.
    void on_step(const Completion& span);
    void on_use(const Completion& span);
    void on_release(const Completion& span) {
        count(span);
        stalls_.on_release(span);
    }
    void on_alarm(const Completion& span) { stalls_.on_release(span); }
    void on_mode(Time at, const std::string& mode);  // from then on

    std::int64_t requests_ended() const { return requests_ended_; }
    // That ended, or were dropped or given up.
    std::int64_t requests_done() const;
    std::int64_t requests_done(JobId job) const {
        const JobState& state = jobs_[job];
        return std::ssize(state.latencies) + state.dropped + state.aborted;
    }
    // Those of the job that have arrived and not ended, in order.
    const std::deque<RequestId>& requests_there(JobId job) const { return jobs_[job].there; }
    // Fills in everything that a run measures.
    void report(RunResult& result);

  private:
    struct BlockUse {
        Bytes stored_bytes, parameter_bytes;
        bool last = false;  // of its variant: where a request ends
        std::uint32_t variant = 0;
        bool varies = false;  // what comes in depends on the pass or the request
        // Over the whole run.
        Duration reading{}, executing{};
        std::uint32_t uses = 0;
        Bytes used{};                       // where what comes in depends on the pass; else by uses
        std::optional<Bytes> first_read{};  // what came in the first time
    };
    struct JobState {
        IdVector<BlockId, BlockUse> blocks;
        // When requests arrived: from the first one on that is there (those behind it may have been
        // dropped or given up), by number.
        std::deque<Time> arrivals;
        RequestId first_arrival;
        std::optional<Time> last_end;
        // Of the request that executes, if one does.
        bool executes = false;
        Time turn_begin{};
        Duration busy_before{};  // of compute, before its first execution
        Duration executing{};    // its own
        Time pass_end{};         // of the pass before
        std::uint32_t passes = 1;
        Durations latencies, turns;
        Durations first_tokens, next_tokens;  // of a generative model
        std::int64_t deadline_misses = 0;
        std::int64_t dropped = 0, aborted = 0;
        std::deque<RequestId> there;   // have arrived and not ended, in order
        std::vector<RequestId> ended;  // where some may not
        std::size_t rows = 1;          // of its lookup table
        std::vector<Adopted> adopted;  // where a request took another variant than the one before

        // Of one that has ended: long ago.
        Time arrival(RequestId request) const {
            if (request < first_arrival) return kStart;
            return arrivals[request.index - first_arrival.index];
        }
        void note_arrival(RequestId request, Time at) {
            arrivals.resize(request.index - first_arrival.index + std::size_t{1});
            arrivals.back() = at;
        }
        // Those before the first that is there are not asked for any more.
        void forget_arrivals() {
            while (!arrivals.empty() && (there.empty() || first_arrival < there.front())) {
                arrivals.pop_front();
                ++first_arrival.index;
            }
        }
    };

    void count(const Completion& span) {
        events_ += static_cast<std::uint64_t>(span.end > span.start);
        if (span.start >= periods_.back().from) [[likely]]
            use_now(span).time[index_of(span.command.verb)] += span.end - span.start;
        else
            add_time(span, periods_);
    }
    NodeUse& use_now(const Completion& span) { return periods_.back().use[span.command.node]; }
    // Where what a command brings counts.
    NodeUse& use_at_end(const Completion& span) {
        if (span.end > periods_.back().from) [[likely]]
            return use_now(span);
        return period_of_end(span.end, periods_).use[span.command.node];
    }
    Time arrival_of(const Command& command) const {
        return command.lane == Lane::none ? kStart : jobs_[command.job].arrival(command.request);
    }
    // What a swap-in brings in the command's request and pass.
    const BlockFacts& facts_of(const Action& command) const {
        return facts_for(facts_, requests_, command.job, command.request)[command.block];
    }
    std::uint32_t passes(const JobState& job, const Action& command) const {
        return requests_ == nullptr ? job.passes
                                    : passes_of(facts_, requests_, command.job, command.request);
    }
    static Time begin_of_request(const JobState& job, const Job& spec);
    void begin_turn(JobState& job, RequestId request);
    Duration end_turn(JobState& job, Time end) const;
    void note_variant(JobState& job, const Action& execution) const;
    void end_pass(JobState& job, const Action& last, Time end);
    void end_request(JobState& job, JobId id, Time end);
    void bound_by_durations(RunResult& result) const;
    void report_hits(RunResult& result) const;
    std::vector<ModePeriod> periods_from(Time begin) const;

    const Platform& platform_;
    const Deployment& deployment_;
    const Workload& workload_;
    const AllFacts& facts_;
    const RequestFacts* requests_;  // null where all are as their models
    Observer* observer_;
    std::uint32_t parallel_reads_;
    IdVector<JobId, JobState> jobs_;
    std::vector<ModePeriod> periods_;  // what was done, by the mode in force
    std::optional<Time> first_arrival_;
    Time compute_end_ = kStart;  // of the last execution
    StallClocks stalls_;
    Duration executed_{};  // by all nodes
    std::uint64_t events_ = 0;
    std::int64_t requests_there_ = 0;  // that have arrived and not ended, or still execute
    std::int64_t requests_ended_ = 0;
};

}  // namespace swaplab
