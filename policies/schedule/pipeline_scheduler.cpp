#include "policies/schedule/pipeline_scheduler.h"

#include <algorithm>

namespace swaplab {

// Counts what a job has under way.
class PipelineScheduler::CountingMoves final : public Moves {
  public:
    CountingMoves(Moves& moves, PipelineScheduler& scheduler)
        : moves_(moves), scheduler_(scheduler) {}

    Ticket submit(const Command& command) override {
        const Ticket ticket = moves_.submit(command);
        scheduler_.count(command, ticket);
        return ticket;
    }
    bool cancel(Ticket ticket) override { return moves_.cancel(ticket); }

  private:
    Moves& moves_;
    PipelineScheduler& scheduler_;
};

PipelineScheduler::PipelineScheduler(const SchedulerSetup& setup, int lookahead)
    : dispatcher_(setup.dispatch.make()),
      adaptation_(setup.deployment.adaptation.get()),
      reorders_(setup.dispatch.reorders),
      shares_reads_(setup.dispatch.reorders && setup.deployment.jobs.size() > 1 &&
                    setup.deployment.parallel_reads > 1),
      window_(std::max(kWindow, 2 * lookahead)) {
    if (setup.aborts || adaptive() || (reorders_ && setup.deployment.jobs.size() > 1))
        log_.emplace(setup.deployment.jobs.size());
    jobs_.resize(setup.deployment.jobs.size());
    for (const JobId j : jobs_.ids()) {
        JobRun& job = jobs_[j];
        job.id = j;
        job.plan = &setup.deployment.jobs[j];
        job.facts = setup.facts[j];
        job.blocks.resize(setup.facts[j].size());
        for (const BlockFacts& block : job.facts) job.lives.emplace_back(block.steps);
        for (const BlockId b : job.facts.ids()) {
            if (job.facts[b].used_for == 0) continue;
            job.last_uses.resize(job.facts.size());
            job.last_uses[{b.index + job.facts[b].used_for}].push_back(b);
        }
        job.passes = passes_of(setup.facts[j]);
        job.variant = &job.plan->at_start();
        job.overlap = job.variant->may_overlap_within(job.plan->budget);
        if (setup.aborts) job.left.resize(setup.facts[j].size());
        job.waits_for_more = setup.aborts || shares_reads_ || adaptive();
        if (!setup.weights.empty()) job.weight = setup.weights[j];
    }
}

int PipelineScheduler::blocks_of_all_jobs(const SchedulerSetup& setup) {
    std::size_t blocks = 0;
    for (const auto& job : setup.facts) blocks += job.size();
    return static_cast<int>(blocks);
}

void PipelineScheduler::decide(const View& view, Moves& moves) {
    for (const Arrival& arrival : view.arrivals) {
        JobRun& job = jobs_[arrival.job];
        job.waiting.push_back(arrival);
        ++job.queued;
        job.last_arrived = arrival.request;
    }
    for (const Completion& span : view.completions)
        if (uses(span.command.verb)) --submitted_ahead_;
    if (adaptive()) take_in(view);
    if (!adaptive()) return go_on(view, moves);
    CountingMoves counting(moves, *this);
    go_on(view, counting);
}

void PipelineScheduler::go_on(const View& view, Moves& moves) {
    if (log_) [[unlikely]] {
        note_ended(view);
        if (view.budget && adaptive()) change_rows(moves);
        reorder(view, moves);
    }
    for (const RequestRef& expired : view.expired) give_up(expired, moves);
    // Refills in batches, since that changes nothing, so that most calls have nothing to do.
    if (submitted_ahead_ <= window_ / 2) refill(moves);
}

void PipelineScheduler::refill(Moves& moves) {
    while (submitted_ahead_ < window_) {
        JobRun* job = next_job();
        if (job == nullptr) return;
        submit_next(*job, moves);
    }
}

void PipelineScheduler::take_in(const View& view) {
    for (const Completion& span : view.completions) {
        JobRun& job = jobs_[span.command.job];
        --job.outstanding;
        if (!uses(span.command.verb)) continue;
        --job.executing;
        job.under_way.pop_front();
    }
    if (!view.budget) return;
    usable_ = adaptation_->usable(*view.budget);
    shares_ = adaptation_->shares(*view.budget);
}

// What the job's next request may begin with now; nothing if it has to wait.
std::optional<PipelineScheduler::Grant> PipelineScheduler::grant(const JobRun& job) const {
    for (const auto& [where, grant] : job.pledged)
        if (where == where_granted(job)) return grant;
    if (job.executing > (job.variant->size() > 1 ? 1 : 0) || !shares_) return std::nullopt;
    const Bytes left = left_for(job);
    const Variant* const best = best_row(job, left);
    const bool something_left = job.outstanding > 0 || job.held > 0;
    if (best == nullptr || (best != job.variant && something_left)) return std::nullopt;
    const Variant& row = *best;
    const bool overlap = row.may_overlap_within(left);
    return Grant{&row, overlap ? std::max(row.need, *row.overlap_need) : row.need, overlap};
}

// The job whose block comes next; null if none has work that can go on. A dispatcher that does not
// reorder lets nobody pass who waits for memory.
PipelineScheduler::JobRun* PipelineScheduler::next_job() {
    if (current_ != nullptr) return may_go_on(*current_) ? current_ : nullptr;
    candidates_.clear();
    for (const JobRun& job : jobs_) {
        if (job.waiting.empty() || (reorders_ && !may_go_on(job))) continue;
        candidates_.push_back(candidate(job, job.waiting.front()));
    }
    if (candidates_.empty()) return nullptr;
    JobRun& next = jobs_[candidates_[dispatcher_->choose(candidates_, turn_)].job];
    return may_go_on(next) ? &next : nullptr;
}

void PipelineScheduler::begin_request(JobRun& job) {
    if (log_) log_->undo([&job] { ++job.queued; });
    --job.queued;
    if (const auto& tokens = job.waiting.front().tokens)
        changing(job.passes) =
            static_cast<std::uint32_t>(std::max<std::int64_t>(1, tokens->output));
    if (adaptive()) adopt(job, *grant(job));
    changing(job.next_block) = {job.variant->first};
    changing(job.next_pass) = 0;
    changing(job.begun) = true;
}

void PipelineScheduler::adopt(JobRun& job, const Grant& granted) {
    if (job.outstanding == 0 && job.held == 0) job.granted = {};  // for good
    changing(job.variant) = granted.variant;
    changing(job.granted) = granted.bytes;
    changing(job.overlap) = granted.overlap;
    changing(job.leaving) = Leaving::no;
    const Position where = where_granted(job);
    std::erase_if(job.pledged, [&](const auto& pledge) { return pledge.first == where; });
    log_->undo([&job, where, granted] { job.pledged.emplace_back(where, granted); });
}

void PipelineScheduler::submit_next(JobRun& job, Moves& moves) {
    if (!log_) return submit_next_of(job, moves);
    submit_logged(job, must_leave(job), moves);
}

void PipelineScheduler::submit_logged(JobRun& job, bool leaves_row, Moves& moves) {
    const int ahead = submitted_ahead_;
    log_->begin({job.id, job.waiting.front(), turn_, begins_pass(job), leaves_row});
    SubmissionLog::Recording recording(
        *log_, moves, [this](JobId j, BlockId b) -> const BlockLife& { return jobs_[j].lives[b]; });
    if (leaves_row)
        leave_row(job, recording);
    else
        submit_next_of(job, recording);
    log_->undo([this, more = submitted_ahead_ - ahead] { submitted_ahead_ -= more; });
    log_->close();
}

// The next block of its oldest request, or a step of what that has left.
void PipelineScheduler::submit_next_of(JobRun& job, Moves& moves) {
    if (!job.holds) return submit_next_block(job, moves);
    if (submit_held(job, moves)) return;
    changing(job.holds) = false;
    if (turn_.job == job.id && turn_.goes_on)
        changing(turn_) = dispatcher_->after(turn_, job.id, true);
    end_request(job);
}

void PipelineScheduler::submit_next_block(JobRun& job, Moves& moves) {
    if (!job.begun)
        begin_request(job);
    else if (job.leaving == Leaving::now)
        resume(job);
    const RequestId request = job.waiting.front().request;
    const BlockId block = job.next_block;
    const Step step{job, request, job.next_pass, block, job.facts[block]};
    Trail& place = job.blocks[block];
    const bool alone = job.then != nullptr;
    const Trail trail = alone ? submit_alone(step, moves) : submit_block(step, moves);
    changing(place) = trail;
    if (step.kept()) {
        changing(job.before).executed = trail.executed;
    } else {
        changing(job.before_that) = job.before;
        changing(job.before) = trail;
    }
    ++submitted_ahead_;
    if (shares_reads_ && step.facts.has_parameters()) changing(job.last_assembly) = trail.assembled;
    const bool ends_pass = job.variant->ends_with(block);
    const bool ends_request = ends_pass && step.last_pass();
    changing(turn_) = dispatcher_->after(turn_, job.id, ends_request);
    changing(current_) = reorders_ ? nullptr : &job;
    ++changing(job.next_block).index;
    if (alone) end_bridge(job, trail);
    if (ends_pass) end_pass_of(job, ends_request, moves);
}

// Where something may be taken back, nobody knows what comes next, and a request ends step by step.
void PipelineScheduler::end_pass_of(JobRun& job, bool ends_request, Moves& moves) {
    changing(job.next_block) = {job.variant->first};
    ++changing(job.next_pass);
    if (ends_request && !log_) end_request(job);
    // The next request may need another variant, so none goes on from the one before.
    const bool continues = !ends_request || (!log_ && !adaptive() && next_job() == &job);
    bool held = end_pass(job, continues);
    if (held && ends_request && log_ && job.variant->size() > 1) {
        changing(job.holds) = true;
        return;
    }
    while (held) held = submit_held(job, moves);
    if (ends_request && log_) end_request(job);
}

void PipelineScheduler::end_request(JobRun& job) {
    changing(job.begun) = false;
    changing(current_) = nullptr;
    if (shares_reads_)
        for (JobRun& other : jobs_)
            if (&other != &job) changing(other.others_first) = job.last_assembly;
    if (log_)
        log_->undo([&job, request = job.waiting.front()] { job.waiting.push_front(request); });
    job.waiting.pop_front();
}

Command PipelineScheduler::Step::command(SwapStep step, const Wait& wait) const {
    Command command;
    command.verb = step.verb;
    command.lane = lane_of(step.verb);
    command.copy = step.copy;
    command.node = job.plan->node;
    command.job = job.id;
    command.request = request;
    command.pass = pass;
    command.block = block;
    command.after = wait.after();
    return command;
}

void PipelineScheduler::submit_swap_in(const Step& step, const Wait& read_after,
                                       const Wait& copy_after, Trail& trail, Moves& moves) {
    if (step.life().missing().empty()) {
        trail.read = read_after;
        trail.copied = trail.assembled = read_after | copy_after;
        return;
    }
    submit_read(step, read_after, trail, moves);
    submit_rest(step, trail, copy_after, moves);
}

void PipelineScheduler::submit_read(const Step& step, const Wait& after, Trail& trail,
                                    Moves& moves) {
    const JobRun& job = step.job;
    Wait all = after;
    if (job.waits_for_more) [[unlikely]] {
        all |= job.others_first | job.row_free;
        if (!job.left.empty()) all |= job.left[step.block];
    }
    trail.read = Wait(moves.submit(step.command(step.life().missing().front(), all)));
    step.life().advance();
}

void PipelineScheduler::submit_rest(const Step& step, Trail& trail, const Wait& first_copy_after,
                                    Moves& moves) {
    Wait done = trail.copied = trail.read;
    bool copied = false;
    for (BlockLife& life = step.life(); !life.missing().empty(); life.advance()) {
        const SwapStep next = life.missing().front();
        const bool first_copy = brings(next.verb) && !copied;
        done = Wait(moves.submit(step.command(next, first_copy ? done | first_copy_after : done)));
        if (!brings(next.verb)) continue;
        trail.copied = done;
        copied = true;
    }
    trail.assembled = done;
}

void PipelineScheduler::submit_use(const Step& step, const Wait& wait, Trail& trail, Moves& moves) {
    trail.executed = trail.released = Wait::for_execution(moves.submit(step.command({kUse}, wait)));
}

void PipelineScheduler::submit_release(const Step& step, const Wait& wait, Trail& trail,
                                       Moves& moves) {
    if (!step.life().may_leave()) return;
    trail.released = Wait(moves.submit(step.command({kSwapOut}, wait)));
    step.life().leave();
}

Trail PipelineScheduler::submit_kept(const Step& step, const Wait& read_after,
                                     const Wait& copy_after, Moves& moves) {
    Trail trail;
    submit_swap_in(step, read_after, copy_after, trail, moves);
    submit_use(step, trail.assembled | step.job.before.executed, trail, moves);
    if (ends_stay(step) && step.facts.used_for == 0)
        submit_release(step, trail.executed, trail, moves);
    submit_last_uses(step, trail.executed, moves);
    return trail;
}

Wait PipelineScheduler::submit_last_uses(const Step& step, const Wait& executed, Moves& moves) {
    Wait released;
    JobRun& job = step.job;
    if (job.last_uses.empty() || !ends_stay(step)) return released;
    for (const BlockId block : job.last_uses[step.block]) {
        const Step kept{job, step.request, step.pass, block, job.facts[block]};
        Trail trail = job.blocks[block];
        submit_release(kept, executed, trail, moves);
        changing(job.blocks[block]) = trail;
        released |= trail.released;
    }
    return released;
}

void PipelineScheduler::submit_execution(const Step& step, const Wait& wait, Trail& trail,
                                         Moves& moves) {
    submit_use(step, wait, trail, moves);
    submit_release(step, trail.executed, trail, moves);
    submit_last_uses(step, trail.executed, moves);
}

}  // namespace swaplab
