// The rules that every command must keep, checked twice: in order of submission when a policy
// submits it, and in time when the device reports its end.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "policies/port/block_life.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"

namespace swaplab {

class CommandCheck {
  public:
    CommandCheck(const DeviceSetup& setup, const Workload& workload, std::string policy);

    // All throw `PolicyError`, blaming the policy by name.
    void on_submit(const Command& command, Ticket next, Time now);
    void on_cancel(const Action& command);
    // The end of a step of a swap-in, of an execution, of a release.
    void on_step(const Completion& span);
    void on_use(const Completion& span);
    void on_release(const Completion& span);

    void on_arrival(const Arrival& arrival) {
        jobs_[arrival.job].arrived = arrival.request.index + 1;
    }
    // Requests that arrived and were dropped, or that are given up: nothing is submitted for them
    // any more.
    void on_drop(JobId job, RequestId request);
    // It may be given up at this decision, which then submits nothing of it any more.
    void on_expiry(JobId job, RequestId request) { jobs_[job].expiring.push_back(request); }
    // After the decision: whether it was given up.
    bool end_expiry(JobId job, RequestId request);
    bool is_gone(JobId job, RequestId request) const { return jobs_[job].is_gone(request); }
    // Whether an execution of the request goes on, or waits for nothing but others before it.
    bool executes(JobId job, RequestId request) const {
        const std::deque<RequestId>& executing = jobs_[job].executing;
        return !executing.empty() && executing.front() == request;
    }
    // How many commands of all jobs have not ended.
    std::int64_t outstanding() const {
        std::int64_t sum = 0;
        for (const JobState& job : jobs_) sum += job.outstanding;
        return sum;
    }
    // Whether nothing that was submitted for the job goes on or waits.
    bool at_rest(JobId job) const { return jobs_[job].outstanding == 0; }
    // How many blocks of the job hold parameters that a policy brought in.
    std::size_t resident_blocks(JobId job) const { return jobs_[job].resident; }

  private:
    struct BlockState {
        BlockLife submitted;      // its parameters come and go during the run, if it has steps
        bool fits = true;         // into the arenas of its job
        std::uint32_t first = 0;  // unit
        std::uint32_t last = 0;   // unit, behind it; 0: a pass ends
        std::uint32_t variant = 0;
        BlockLife observed;
        Time step_end = kStart;  // of the last step of the swap-in
        Time execute_end = kStart;
        Time release_end = kStart;
        BlockLife before_release;  // as it was submitted
    };
    struct JobState {
        NodeId home;
        IdVector<BlockId, BlockState> blocks;
        std::uint32_t arrived = 0;
        std::uint32_t passes = 1;
        RequestId next_request;  // to be executed next, as submitted
        std::uint32_t next_pass = 0;
        std::uint32_t next_unit = 0;  // that is to begin a block, of any variant
        BlockId next_block;  // where the one before it stood, for messages
        Time execute_end = kStart;
        Time release_end = kStart;
        std::uint32_t variant = 0;  // of the last read that ended
        std::size_t resident = 0;
        std::int64_t outstanding = 0;     // commands
        std::deque<RequestId> executing;  // whose executions these are, in order
        std::vector<RequestId> gone;      // dropped or given up, sorted
        std::vector<RequestId> expiring;

        bool is_gone(RequestId request) const {
            return !gone.empty() && std::ranges::binary_search(gone, request);
        }
    };

    void check_ids(const Command& command, Ticket next) const;
    [[noreturn]] void blame_ids(const Command& command) const;
    void submit_step(const Action& command, BlockState& block) const;
    void check_unused(const Action& command, const JobState& job) const;
    void submit_release(const Action& command, BlockState& block) const;
    void cancel_use(const Action& command, JobState& job, const BlockState& block) const;
    [[noreturn]] void blame_cancel(const Action& command) const;
    [[noreturn]] void blame_step(const Action& command, const BlockLife& life) const;
    [[noreturn]] void blame_size(const Action& command) const;
    void submit_execute(const Action& command, JobState& job, BlockState& block);
    static void begin_next(JobState& job);
    void begin_stay(const Completion& span, JobState& job, BlockState& block) const;
    void check_variant(const Completion& span, JobState& job, const BlockState& block) const;
    // Of a request.
    std::uint32_t passes(JobId job, RequestId request) const {
        return setup_.requests == nullptr ? jobs_[job].passes
                                          : passes_of(setup_.facts, setup_.requests, job, request);
    }
    JobState& job_of(const Action& command) { return jobs_[command.job]; }
    const BlockFacts& facts(const Action& command) const {
        return setup_.facts[command.job][command.block];
    }
    [[noreturn]] void blame(const Action& command, const std::string& what) const;

    DeviceSetup setup_;
    const Workload& workload_;
    std::string policy_;
    IdVector<JobId, JobState> jobs_;
};

}  // namespace swaplab
