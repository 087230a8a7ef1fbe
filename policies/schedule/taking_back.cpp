// How a `PipelineScheduler` takes back what it has submitted, where the order of requests changes
// (SEMANTICS: Dispatch).
#include <algorithm>

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

void PipelineScheduler::reorder(const View& view, Moves& moves) {
    for (const Completion& span : view.completions) log_->on_end(span.ticket);
    log_->forget_ended();
    if (!may_reorder(view)) return;
    if (const std::optional<std::size_t> first = first_out_of_order()) take_back(*first, moves);
}

// Another budget, and where that may change the end of a request, may let a job go on that waited
// for memory.
bool PipelineScheduler::may_reorder(const View& view) const {
    if (!reorders_) return false;
    if (!view.arrivals.empty() || view.budget) return true;
    return adaptive() && std::ranges::any_of(view.completions, [this](const Completion& span) {
               return uses(span.command.verb) &&
                      jobs_[span.command.job].variant->ends_with(span.command.block);
           });
}

std::optional<std::size_t> PipelineScheduler::first_out_of_order() {
    const auto& entries = log_->entries();
    // Of each job what it has to do at a place in the log: its next entry, behind the last one its
    // oldest request that waits.
    std::vector<const Arrival*> behind(entries.size());  // an entry, of its job
    IdVector<JobId, const Arrival*> next(jobs_.size());
    for (const JobRun& job : jobs_)
        next[job.id] = !job.waiting.empty() && may_go_on(job) ? &job.waiting.front() : nullptr;
    for (std::size_t i = entries.size(); i-- > 0;)
        behind[i] = std::exchange(next[entries[i].job], &entries[i].request);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        candidates_.clear();
        for (const JobRun& job : jobs_)
            if (next[job.id] != nullptr) candidates_.push_back(candidate(job, *next[job.id]));
        const std::size_t chosen = dispatcher_->choose(candidates_, entries[i].turn);
        if (!entries[i].started && candidates_[chosen].job != entries[i].job) return i;
        next[entries[i].job] = behind[i];
    }
    return std::nullopt;
}

void PipelineScheduler::take_back(std::size_t first, Moves& moves) {
    const auto& entries = log_->entries();
    std::vector<JobId> jobs;
    for (std::size_t i = first; i < entries.size(); ++i) jobs.push_back(entries[i].job);
    // How many of these have to be gone through again to come by all that executes, by job.
    IdVector<JobId, std::size_t> again(jobs_.size(), 0);
    for (std::size_t i = jobs.size(); i-- > 0;)
        if (take_back_last(moves)) again[jobs[i]] = std::max(again[jobs[i]], i + 1);
    for (JobRun& job : jobs_)
        if (log_->kept(job.id).empty()) job.pledged.clear();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (i >= again[jobs[i]]) continue;
        submit_next(jobs_[jobs[i]], moves);
        log_->entries().back().started = true;
    }
}

// Whether its execution has started.
bool PipelineScheduler::take_back_last(Moves& moves) {
    const auto cancelled = [this](const SubmissionLog::Sent& sent) {
        JobRun& job = jobs_[sent.command.job];
        --job.outstanding;
        job.executing -= static_cast<int>(uses(sent.command.verb));
    };
    const auto restore = [this](const SubmissionLog::Sent& sent) {
        jobs_[sent.command.job].lives[sent.command.block] = sent.before;
    };
    return log_->take_back(moves, cancelled, restore);
}

}  // namespace swaplab
