// The frame of schedulers that walk requests block by block, as a dispatcher orders them, and say
// for each block what its commands wait for. A policy implements `submit_block`.
//
// Tens of blocks are submitted ahead, in the order that the dispatcher gives. Where an arrival (or
// another budget) changes that order, what has not started and now stands before what should come
// first is taken back, and submitted again in the new order (`SubmissionLog`). So policies change
// what they remember only through `changing`.
//
// Where the budget may change (`Deployment::adaptation`), a job begins a request only when at most
// one execution of its request before is left (none, where that has one block only), with the best
// row of its lookup table that fits its share and what the jobs under way leave of the budget; a
// row other than the last one's only when nothing of the job is left. So whatever begins after a
// change fits the new budget. What had begun changes its row within the request (changing_rows.cpp).
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policies/port/block_life.h"
#include "policies/schedule/scheduler.h"
#include "policies/schedule/submission_log.h"

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

    // What a request may begin with, where the budget may change.
    struct Grant {
        const Variant* variant;
        Bytes bytes;
        bool overlap;
    };

    // Whether a job goes over to another row, for which all that it holds has to go first.
    enum class Leaving : std::uint8_t { no, at_next_pass, now };

    // How far executions have been submitted: the next begins here.
    struct Position {
        RequestId request;
        std::uint32_t pass = 0;
        std::uint32_t unit = 0;
        friend bool operator==(const Position&, const Position&) = default;
    };

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
        IdVector<BlockId, Wait> left;  // their releases when a request was given up; empty: none
        // Where reads run in parallel: the last assembly of what was submitted, and that of others
        // who come before. Assemblies start in order, so all reads before them have ended then.
        Wait last_assembly, others_first;
        bool waits_for_more = false;       // reads, for these two
        std::size_t queued = 0;            // requests that have arrived and not been begun
        RequestId last_arrived;
        const Variant* variant = nullptr;  // of the request under way
        // A pass's first block may come in beside the last one of the pass before.
        bool overlap = true;
        // By block: kept ones whose parameters are used by it, and by none behind it.
        IdVector<BlockId, std::vector<BlockId>> last_uses;
        bool holds = false;  // all blocks of the oldest are submitted, but `submit_held` has more

        Bytes granted;        // what the request under way may use, where the budget may change
        int executing = 0;    // executions submitted that have not ended, likewise
        int outstanding = 0;  // commands, likewise
        bool begun = false;   // the oldest request
        // What was granted where it was taken back, although something of the job has started.
        std::vector<std::pair<Position, Grant>> pledged;
        int held = 0;                   // blocks, as submitted
        Position position;              // likewise
        // Executions that are submitted and have not ended.
        std::deque<std::pair<Ticket, BlockId>> under_way;
        Leaving leaving = Leaving::no;  // its row
        std::uint32_t resumes_at = 0;   // unit; then
        const Variant* then = nullptr;  // the row that its bridge leads to, while it is on it
        std::uint32_t then_from = 0;    // unit
        Wait row_free;                  // nothing is left of the row before

        // What it may use, or has yet to give back, of the budget.
        Bytes in_use() const {
            Bytes most;
            if ((begun && leaving != Leaving::now) || outstanding > 0 || held > 0) most = granted;
            for (const auto& [where, grant] : pledged) most = std::max(most, grant.bytes);
            return most;
        }
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

    // `lookahead`: how many executions must be submitted and not have ended for the pipeline to be
    // full, where that may be more than half of `kWindow`.
    explicit PipelineScheduler(const SchedulerSetup& setup, int lookahead = 1);
    // The most that any policy may look ahead: a block does not come in again before it was
    // released.
    static int blocks_of_all_jobs(const SchedulerSetup& setup);

    // Whether the budget may change during the run.
    bool adaptive() const { return adaptation_ != nullptr; }

    // Submits the commands of one block and returns their trail. Called for every block of every
    // request of a job, in order; jobs take turns as the dispatcher says, even within requests.
    // Whatever it changes of what the scheduler remembers from block to block it changes through
    // `changing`: it may be taken back.
    virtual Trail submit_block(const Step& step, Moves& moves) = 0;
    template <class Value>
    Value& changing(Value& place) {
        return log_ && log_->is_recording() ? log_->changing(place) : place;
    }
    // Called after the last block of a pass (a request has one, that of a generative model
    // several). `continues`: what comes next is known and of the same job. Returns whether there is
    // something left to submit of the pass, which `submit_held` does, a step at a time.
    virtual bool end_pass(JobRun&, bool /*continues*/) { return false; }
    // Returns whether there is more.
    virtual bool submit_held(JobRun&, Moves&) { return false; }
    // The job's request that was submitted in part is given up, or goes on in another row: nothing
    // of it stays. `gone`: what is left has executed and is released.
    virtual void on_all_released(JobRun&, const Wait& /*gone*/) {}
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
    // A kept block: it comes in when it is first due, and leaves after its last use, which may be
    // that of a later block that shares its parameters. As long as it is there, nothing of it is
    // missing.
    Trail submit_kept(const Step& step, const Wait& read_after, const Wait& copy_after,
                      Moves& moves);
    // Whether this is the last use of a kept block: in the request, where it has a place of its own
    // of all that are queued.
    bool ends_stay(const Step& step) const {
        return step.last_pass() && (!step.job.variant->fixed || is_last_queued(step));
    }
    // Releases kept blocks whose parameters nobody behind this block uses, after its execution.
    // Returns what waits for that.
    Wait submit_last_uses(const Step& step, const Wait& executed, Moves& moves);
    static bool is_last_queued(const Step& step) {
        return !(step.request < step.job.last_arrived);
    }
    // Executes after `wait`, then releases.
    void submit_execution(const Step& step, const Wait& wait, Trail& trail, Moves& moves);

  private:
    class CountingMoves;

    void go_on(const View& view, Moves& moves);
    void refill(Moves& moves);
    void take_in(const View& view);
    void note_ended(const View& view);
    // Takes back what now stands before what should come first.
    void reorder(const View& view, Moves& moves);
    bool may_reorder(const View& view) const;
    // The first entry of the log in whose place another should be as things stand now.
    std::optional<std::size_t> first_out_of_order();
    // Takes back all entries from `first` on, and submits those again that execute.
    void take_back(std::size_t first, Moves& moves);
    struct TakenBack;
    TakenBack take_back_from(std::size_t first, Moves& moves);
    bool take_back_last(Moves& moves);
    void go_through_again(const TakenBack& taken, Moves& moves);
    // What has not started of a request is taken back, what is resident of it goes.
    void give_up(const RequestRef& expired, Moves& moves);
    bool executes_last(const JobRun& job, const Arrival& request) const;
    Wait release_all_of(JobRun& job, RequestId request, bool of_others_too, Moves& moves);
    void end_given_up(JobRun& job, std::deque<Arrival>::iterator request);
    void count(const Command& command, Ticket ticket);
    void count_use(const Command& execution, Ticket ticket);
    void count_cancelled(const Command& command, const BlockLife& before);
    Bytes left_for(const JobRun& job) const;
    bool must_leave(const JobRun& job) const;
    std::optional<Grant> grant(const JobRun& job) const;
    static const Variant* best_row(const JobRun& job, Bytes share);
    static Position where_granted(const JobRun& job);
    static bool begins_pass(const JobRun& job);
    bool may_go_on(const JobRun& job) const;
    // Another budget.
    void change_rows(Moves& moves);
    bool must_shrink(const JobRun& job) const;
    bool may_grow(const JobRun& job) const;
    void shrink(JobRun& job, Moves& moves);
    void grow(JobRun& job, Moves& moves);
    void note_ways_in(std::span<const SubmissionLog::Sent> all,
                      IdVector<BlockId, Wait>& after) const;
    void stand_by(JobRun& job, std::span<const SubmissionLog::Sent> started);
    static void release(JobRun& job, BlockId block, const Wait& after, Moves& moves);
    void go_back_to_position(JobRun& job);
    // At the begin of a pass.
    void leave_row(JobRun& job, Moves& moves);
    void release_all(JobRun& job, const IdVector<BlockId, Wait>& after, Moves& moves);
    static Wait until_unused(const JobRun& job, BlockId block);
    void resume(JobRun& job);
    static std::uint32_t first_cut(const JobRun& job, const Variant& row, std::uint32_t from);
    void end_bridge(JobRun& job, const Trail& last);
    Trail submit_alone(const Step& step, Moves& moves);
    Candidate candidate(const JobRun& job, const Arrival& request) const {
        return {job.id, request.request, request.at, request.deadline, job.weight};
    }
    JobRun* next_job();
    void begin_request(JobRun& job);
    void adopt(JobRun& job, const Grant& granted);
    void submit_next(JobRun& job, Moves& moves);
    void submit_logged(JobRun& job, bool leaves_row, Moves& moves);
    void submit_next_of(JobRun& job, Moves& moves);
    void submit_next_block(JobRun& job, Moves& moves);
    void end_pass_of(JobRun& job, bool ends_request, Moves& moves);
    void end_request(JobRun& job);

    IdVector<JobId, JobRun> jobs_;
    std::unique_ptr<Dispatcher> dispatcher_;
    const Adaptation* adaptation_;                  // null unless the budget may change
    std::optional<IdVector<JobId, Bytes>> shares_;  // nothing while the budget is too small
    Bytes usable_;                                  // of the budget in force
    bool reorders_;
    bool shares_reads_;  // reads of requests that come later would slow down those before
    int window_;         // executions submitted ahead at most; more are worth while at half of it
    int submitted_ahead_ = 0;
    JobRun* current_ = nullptr;  // whose request is half submitted, unless blocks alternate
    Turn turn_;
    std::optional<SubmissionLog> log_;   // where something may be taken back
    std::vector<Candidate> candidates_;  // scratch
};

}  // namespace swaplab
