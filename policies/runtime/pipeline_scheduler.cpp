#include "policies/runtime/pipeline_scheduler.h"

#include <algorithm>

namespace swaplab {

PipelineScheduler::PipelineScheduler(const SchedulerSetup& setup, int lookahead)
    : dispatcher_(setup.dispatch.make()),
      reorders_(setup.dispatch.reorders),
      window_(reorders_ ? std::clamp(lookahead, 1, kWindow) : kWindow),
      refill_at_(reorders_ ? window_ - 1 : window_ / 2) {
    for (std::uint32_t j = 0; j < setup.deployment.jobs.size(); ++j) {
        JobRun job;
        job.id = {j};
        job.plan = &setup.deployment.jobs[j];
        job.facts = setup.facts[j];
        job.blocks.resize(setup.facts[j].size());
        if (!setup.weights.empty()) job.weight = setup.weights[j];
        jobs_.push_back(std::move(job));
    }
}

void PipelineScheduler::decide(const View& view, Moves& moves) {
    for (const Arrival& arrival : view.arrivals) {
        JobRun& job = jobs_[arrival.job.index];
        job.waiting.push_back(arrival);
        ++job.queued;
    }
    for (const Completion& span : view.completions)
        if (span.command.verb == Verb::execute) --submitted_ahead_;
    // Refills in batches where that changes nothing, so that most calls have nothing to do.
    if (submitted_ahead_ > refill_at_) return;
    while (submitted_ahead_ < window_) {
        JobRun* job = next_job();
        if (job == nullptr) return;
        submit_next(*job, moves);
    }
}

// The job whose block comes next; null if none has work.
PipelineScheduler::JobRun* PipelineScheduler::next_job() {
    if (current_ != nullptr) return current_;
    candidates_.clear();
    for (const JobRun& job : jobs_) {
        if (job.waiting.empty()) continue;
        const Arrival& oldest = job.waiting.front();
        candidates_.push_back({job.id, oldest.request, oldest.at, oldest.deadline, job.weight});
    }
    if (candidates_.empty()) return nullptr;
    return &jobs_[candidates_[dispatcher_->choose(candidates_)].job.index];
}

void PipelineScheduler::submit_next(JobRun& job, Moves& moves) {
    const RequestId request = job.waiting.front().request;
    const BlockId block = job.next_block;
    if (block.index == 0) --job.queued;
    const Step step{job, request, block, job.facts[block.index]};
    Trail& place = job.blocks[block.index];
    const Trail trail = submit_block(step, moves);
    place = trail;
    job.before_that = job.before;
    job.before = trail;
    ++submitted_ahead_;
    const bool ends_request = block.index + 1 == job.facts.size();
    dispatcher_->submitted(job.id, ends_request);
    current_ = ends_request || reorders_ ? nullptr : &job;
    ++job.next_block.index;
    if (!ends_request) return;
    job.next_block = {};
    job.waiting.pop_front();
    end_request(job, request, next_job() == &job, moves);
}

Command PipelineScheduler::Step::command(Verb verb, const Wait& wait) const {
    Command command;
    command.verb = verb;
    command.lane = lane_of(verb);
    command.node = job.plan->node;
    command.job = job.id;
    command.request = request;
    command.block = block;
    command.after = wait.after();
    return command;
}

void PipelineScheduler::submit_swap_in(const Step& step, const Wait& read_after,
                                       const Wait& copy_after, Trail& trail, Moves& moves) {
    if (!step.facts.has_parameters() || step.job.plan->path == SwapPath::resident) {
        trail.read = read_after;
        trail.copied = trail.assembled = read_after | copy_after;
        return;
    }
    submit_read(step, read_after, trail, moves);
    submit_copies(step, trail, copy_after, moves);
}

void PipelineScheduler::submit_read(const Step& step, const Wait& after, Trail& trail,
                                    Moves& moves) {
    trail.read = Wait(moves.submit(step.command(Verb::read, after)));
}

void PipelineScheduler::submit_copies(const Step& step, Trail& trail, const Wait& first_copy_after,
                                      Moves& moves) {
    trail.copied = trail.read;
    for (std::uint32_t copy = 0; copy < step.facts.copies; ++copy) {
        Command command =
            step.command(Verb::copy, copy == 0 ? trail.copied | first_copy_after : trail.copied);
        command.copy = static_cast<std::uint8_t>(copy);
        trail.copied = Wait(moves.submit(command));
    }
    trail.assembled = Wait(moves.submit(step.command(Verb::assemble, trail.copied)));
}

void PipelineScheduler::submit_execution(const Step& step, const Wait& wait, Trail& trail,
                                         Moves& moves) {
    const Ticket execution = moves.submit(step.command(Verb::execute, wait));
    trail.executed = trail.released = Wait::for_execution(execution);
    if (!step.facts.has_parameters() || step.job.plan->path == SwapPath::resident) return;
    trail.released = Wait(moves.submit(step.command(Verb::release, trail.executed)));
}

}  // namespace swaplab
