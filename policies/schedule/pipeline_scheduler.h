// The frame of schedulers that walk requests block by block, as a dispatcher orders them, and say
// for each block what its commands wait for. A policy implements `submit_block`.
//
// Blocks are submitted ahead: tens under first come first served; under a dispatcher that reorders
// only as many executions as the policy needs to keep its pipeline full (`lookahead`), because what
// is submitted cannot be overtaken. So a request that the dispatcher prefers waits for the end of
// at most `lookahead` blocks of others.
//
// Where the budget may change (`Deployment::adaptation`), a job begins a request only when at most
// one execution of its request before is left (none, where that has one block only), with the best
// row of its lookup table that fits its share and what the jobs under way leave of the budget; a
// row other than the last one's only when nothing of the job is left. So whatever begins after a
// change fits the new budget.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policies/port/block_life.h"
#include "policies/schedule/scheduler.h"

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
        IdSpan<BlockId, const BlockFacts> facts;
        IdVector<BlockId, BlockLife> lives;  // as submitted
        std::uint32_t passes = 1;            // of the request under way
        IdVector<BlockId, Trail> blocks;     // of the last pass that came by
        // Of the blocks i-1 and i-2, across passes and requests. Those that are kept do not count,
        // but for their execution.
        Trail before, before_that;
        std::size_t queued = 0;            // requests that have arrived and not been begun
        RequestId last_arrived;
        const Variant* variant = nullptr;  // of the request under way
        // A pass's first block may come in beside the last one of the pass before.
        bool overlap = true;

        Bytes granted;        // what the request under way may use, where the budget may change
        int executing = 0;    // executions submitted that have not ended, likewise
        int outstanding = 0;  // commands, likewise
        bool begun = false;   // the oldest request
        double weight = 1;
        std::deque<Arrival> waiting;  // requests that have blocks left to submit, the oldest first
        std::uint32_t next_pass = 0;  // of the oldest
        BlockId next_block;           // likewise
    };

    // One block to submit.
    struct Step {
        JobRun& job;
        RequestId request;
        std::uint32_t pass;
        BlockId block;
        const BlockFacts& facts;

        BlockLife& life() const { return job.lives[block]; }
        bool begins_pass() const { return job.variant->begins_with(block); }
        bool last_pass() const { return pass + 1 == job.passes; }
        bool kept() const { return job.plan->keeps(block); }
        // Nothing but kept blocks comes before it in a pass.
        bool begins_streaming() const {
            std::uint32_t first = job.variant->first;
            while (first < block.index && job.plan->keeps(BlockId{first})) ++first;
            return first == block.index;
        }
        Command command(SwapStep step, const Wait& wait) const;
    };

    // One block that executes, one that comes in, and one of another job behind them.
    static constexpr int kLookahead = 3;

    // `lookahead`: how many executions must be submitted and not have ended for the pipeline to be
    // full, at least 1.
    explicit PipelineScheduler(const SchedulerSetup& setup, int lookahead = kLookahead);
    // The most that any policy may look ahead: a block does not come in again before it was
    // released.
    static int blocks_of_all_jobs(const SchedulerSetup& setup);

    // Whether the budget may change during the run.
    bool adaptive() const { return adaptation_ != nullptr; }

    // Submits the commands of one block and returns their trail. Called for every block of every
    // request of a job, in order; jobs take turns as the dispatcher says, even within requests.
    virtual Trail submit_block(const Step& step, Moves& moves) = 0;
    // Called after the last block of a pass (a request has one, that of a generative model
    // several). `continues`: as things stand, what comes next is known and of the same job.
    virtual void end_pass(JobRun&, RequestId, bool /*continues*/, Moves&) {}
    // A scheduler whose `submit_block` does not submit exactly the block's own execution says by
    // how many executions it submitted more (or fewer) than that.
    void count_executions(int more) { submitted_ahead_ += more; }

    // Brings in what is missing of the block: every step of its way in after the one before it, the
    // first that copies after `copy_after` too. Where nothing is missing (no parameters, or all
    // there already), what the steps would have waited for stands in the trail instead.
    static void submit_swap_in(const Step& step, const Wait& read_after, const Wait& copy_after,
                               Trail& trail, Moves& moves);
    // The halves of a swap-in of which something is missing: its first step, and what follows.
    static void submit_read(const Step& step, const Wait& after, Trail& trail, Moves& moves);
    static void submit_rest(const Step& step, Trail& trail, const Wait& first_copy_after,
                            Moves& moves);
    // Executes after `wait`; the block stays.
    static void submit_use(const Step& step, const Wait& wait, Trail& trail, Moves& moves);
    // Releases after `wait`, if there is anything to release.
    static void submit_release(const Step& step, const Wait& wait, Trail& trail, Moves& moves);
    // A kept block: it comes in when it is first due, and leaves after its last use. As long as it
    // is there, nothing of it is missing.
    Trail submit_kept(const Step& step, const Wait& read_after, const Wait& copy_after,
                      Moves& moves) const;
    // Whether this is the last use of a kept block: in the request, where it has a place of its own
    // of all that are queued. Where the budget may change, what stays could not be got rid of in
    // time.
    bool ends_stay(const Step& step) const {
        return step.last_pass() && (!step.job.variant->fixed || is_last_queued(step));
    }
    bool is_last_queued(const Step& step) const {
        return adaptive() || !(step.request < step.job.last_arrived);
    }
    // Executes after `wait`, then releases.
    static void submit_execution(const Step& step, const Wait& wait, Trail& trail, Moves& moves);

  private:
    class CountingMoves;
    struct Grant {
        const Variant* variant;
        Bytes bytes;
        bool overlap;
    };

    void refill(Moves& moves);
    void take_in(const View& view);
    std::optional<Grant> grant(const JobRun& job) const;
    bool may_go_on(const JobRun& job) const { return job.begun || !adaptive() || grant(job); }
    JobRun* next_job();
    void begin_request(JobRun& job);
    void submit_next(JobRun& job, Moves& moves);

    IdVector<JobId, JobRun> jobs_;
    std::unique_ptr<Dispatcher> dispatcher_;
    const Adaptation* adaptation_;                  // null unless the budget may change
    std::optional<IdVector<JobId, Bytes>> shares_;  // nothing while the budget is too small
    Bytes usable_;                                  // of the budget in force
    bool reorders_;
    int window_;     // executions submitted ahead at most
    int refill_at_;  // ... and when it is worth while to submit more
    int submitted_ahead_ = 0;
    JobRun* current_ = nullptr;          // whose request is half submitted, unless blocks alternate
    std::vector<Candidate> candidates_;  // scratch
};

}  // namespace swaplab
