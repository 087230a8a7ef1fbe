// The frame of schedulers that walk requests first come first served, block by block, and say for
// each block what its commands wait for. A policy implements `submit_block`.
#pragma once

#include <deque>
#include <vector>

#include "policies/roles.h"

namespace swaplab {

// What a later command waits for: tickets, of which only the last execution of a job matters, since
// a job's blocks execute in order.
class Wait {
  public:
    Wait() = default;
    explicit Wait(Ticket ticket) : others_{ticket} {}
    static Wait for_execution(Ticket ticket) {
        Wait wait;
        wait.execution_ = ticket;
        return wait;
    }

    Wait& operator|=(const Wait& other) {
        others_.add(other.others_);
        if (other.execution_ && (!execution_ || *execution_ < *other.execution_))
            execution_ = other.execution_;
        return *this;
    }
    friend Wait operator|(Wait a, const Wait& b) { return a |= b; }
    After after() const {
        After all = others_;
        if (execution_) all.add(*execution_);
        return all;
    }

  private:
    After others_;
    std::optional<Ticket> execution_;
};

// The commands of one block of one request, for those that come later. Of a block without
// parameters, `read`, `copied`, `assembled` and `released` are what these would have waited for.
struct Trail {
    Wait read, copied, assembled, executed, released;
};

class PipelineScheduler : public Scheduler {
  public:
    void decide(const View& view, Moves& moves) final;

  protected:
    // Blocks submitted but not executed, at the most and unless a policy looks further ahead:
    // enough for every lane to chain on, never a whole stream.
    static constexpr int kWindow = 32;

    struct JobRun {
        JobId id;
        const JobPlan* plan = nullptr;
        std::span<const BlockFacts> facts;
        std::vector<Trail> blocks;  // of the last request that came by, by block
        Trail before, before_that;  // of the blocks i-1 and i-2, across requests
        std::size_t queued = 0;     // requests that have arrived and not been begun
        std::uint32_t passes = 1;   // of a request
    };

    // One block to submit.
    struct Step {
        JobRun& job;
        RequestId request;
        std::uint32_t pass;
        BlockId block;
        const BlockFacts& facts;

        bool last_pass() const { return pass + 1 == job.passes; }

        Command command(Verb verb, const Wait& wait) const;
    };

    // `lookahead`: how many blocks behind the one that executes may come in; they are submitted in
    // time.
    explicit PipelineScheduler(const SchedulerSetup& setup, int lookahead = kWindow / 2);
    // The most that any policy may look ahead: a block does not come in again before it was
    // released.
    static int blocks_of_all_jobs(const SchedulerSetup& setup);

    // Submits the commands of one block and returns their trail. Called for every block of every
    // request, in order; requests in order of arrival.
    virtual Trail submit_block(const Step& step, Moves& moves) = 0;
    // Called after the last block of a pass (a request has one, that of a generative model
    // several). `continues`: what comes next is known and of the same job.
    virtual void end_pass(JobRun&, RequestId, bool /*continues*/, Moves&) {}

    // Reads (and copies, on the staged and standard paths) and assembles the block: every step
    // after the one before it; the first copy after `copy_after` too.
    static void submit_swap_in(const Step& step, const Wait& read_after, const Wait& copy_after,
                               Trail& trail, Moves& moves);
    // The halves of a swap-in: the read, and what follows it.
    static void submit_read(const Step& step, const Wait& after, Trail& trail, Moves& moves);
    static void submit_copies(const Step& step, Trail& trail, const Wait& first_copy_after,
                              Moves& moves);
    // Executes after `wait`, then releases.
    static void submit_execution(const Step& step, const Wait& wait, Trail& trail, Moves& moves);

  private:
    struct Queued {
        JobId job;
        RequestId request;
    };

    void submit_next(Moves& moves);

    int window_;
    std::vector<JobRun> jobs_;
    std::deque<Queued> queue_;
    std::uint32_t next_pass_ = 0;
    BlockId next_block_;
    int submitted_ahead_ = 0;
};

}  // namespace swaplab
