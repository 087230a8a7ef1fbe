#include "policies/runtime/pipeline_scheduler.h"

#include <algorithm>

namespace swaplab {

PipelineScheduler::PipelineScheduler(const SchedulerSetup& setup, int lookahead)
    : window_(std::max(kWindow, 2 * lookahead)) {
    for (std::uint32_t j = 0; j < setup.deployment.jobs.size(); ++j) {
        JobRun job;
        job.id = {j};
        job.plan = &setup.deployment.jobs[j];
        job.facts = setup.facts[j];
        job.blocks.resize(setup.facts[j].size());
        job.passes = passes_of(setup.facts[j]);
        jobs_.push_back(std::move(job));
    }
}

int PipelineScheduler::blocks_of_all_jobs(const SchedulerSetup& setup) {
    std::size_t blocks = 0;
    for (const auto& job : setup.facts) blocks += job.size();
    return static_cast<int>(blocks);
}

void PipelineScheduler::decide(const View& view, Moves& moves) {
    for (const Arrival& arrival : view.arrivals) {
        queue_.push_back({arrival.job, arrival.request});
        ++jobs_[arrival.job.index].queued;
    }
    for (const Completion& span : view.completions)
        if (span.command.verb == Verb::execute) --submitted_ahead_;
    // Refills in batches, so that most calls have nothing to do.
    if (submitted_ahead_ > window_ / 2) return;
    while (submitted_ahead_ < window_ && !queue_.empty()) submit_next(moves);
}

void PipelineScheduler::submit_next(Moves& moves) {
    const Queued current = queue_.front();
    JobRun& job = jobs_[current.job.index];
    if (next_block_.index == 0 && next_pass_ == 0) --job.queued;
    const Step step{job, current.request, next_pass_, next_block_, job.facts[next_block_.index]};
    Trail& place = job.blocks[next_block_.index];
    const Trail trail = submit_block(step, moves);
    place = trail;
    job.before_that = job.before;
    job.before = trail;
    ++submitted_ahead_;
    if (++next_block_.index < job.facts.size()) return;
    next_block_ = {};
    if (step.last_pass()) queue_.pop_front();
    next_pass_ = step.last_pass() ? 0 : next_pass_ + 1;
    const bool continues = !queue_.empty() && queue_.front().job == current.job;
    end_pass(job, current.request, continues, moves);
}

Command PipelineScheduler::Step::command(Verb verb, const Wait& wait) const {
    Command command;
    command.verb = verb;
    command.lane = lane_of(verb);
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
