// How a `PipelineScheduler` takes back what it has submitted, where the order of requests changes
// (SEMANTICS: Dispatch).
#include <algorithm>

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

bool ends_a_variant(const JobPlan& plan, BlockId block) {
    return std::ranges::any_of(plan.variants,
                               [&](const Variant& variant) { return variant.ends_with(block); });
}

}  // namespace

void PipelineScheduler::note_ended(const View& view) {
    for (const Completion& span : view.completions) log_->on_end(span.ticket);
    log_->forget_ended();
}

void PipelineScheduler::reorder(const View& view, Moves& moves) {
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
                      ends_a_variant(*jobs_[span.command.job].plan, span.command.block);
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

struct PipelineScheduler::TakenBack {
    struct Entry {
        JobId job;
        bool leaves_row;
    };
    std::vector<Entry> entries;  // in order
    // How many of these have to be gone through again to come by all that executes, by job.
    IdVector<JobId, std::size_t> again;
};

void PipelineScheduler::take_back(std::size_t first, Moves& moves) {
    go_through_again(take_back_from(first, moves), moves);
}

PipelineScheduler::TakenBack PipelineScheduler::take_back_from(std::size_t first, Moves& moves) {
    const auto& entries = log_->entries();
    TakenBack taken{{}, IdVector<JobId, std::size_t>(jobs_.size(), 0)};
    for (std::size_t i = first; i < entries.size(); ++i)
        taken.entries.push_back({entries[i].job, entries[i].leaves_row});
    for (std::size_t i = taken.entries.size(); i-- > 0;) {
        std::size_t& again = taken.again[taken.entries[i].job];
        if (take_back_last(moves)) again = std::max(again, i + 1);
    }
    for (JobRun& job : jobs_)
        if (log_->kept(job.id).empty()) job.pledged.clear();
    return taken;
}

void PipelineScheduler::go_through_again(const TakenBack& taken, Moves& moves) {
    for (std::size_t i = 0; i < taken.entries.size(); ++i) {
        const JobId job = taken.entries[i].job;
        if (i >= taken.again[job]) continue;
        submit_logged(jobs_[job], taken.entries[i].leaves_row, moves);
        log_->entries().back().started = true;
    }
}

// Whether it is to be submitted again at once.
bool PipelineScheduler::take_back_last(Moves& moves) {
    const auto cancelled = [this](const SubmissionLog::Sent& sent) {
        count_cancelled(sent.command, sent.before);
    };
    const auto restore = [this](const SubmissionLog::Sent& sent) {
        jobs_[sent.command.job].lives[sent.command.block] = sent.before;
    };
    return log_->take_back(moves, cancelled, restore);
}

// Everything of the job is taken back: that a request of it is gone may change what the one before
// releases.
void PipelineScheduler::give_up(const RequestRef& expired, Moves& moves) {
    JobRun& job = jobs_[expired.job];
    const auto& entries = log_->entries();
    const auto first = std::ranges::find(entries, job.id, &SubmissionLog::Entry::job);
    TakenBack taken = take_back_from(static_cast<std::size_t>(first - entries.begin()), moves);
    const auto request = std::ranges::find(job.waiting, expired.request, &Arrival::request);
    const bool goes_on = request == job.waiting.end() || executes_last(job, *request);
    if (!goes_on) {
        const bool oldest = request == job.waiting.begin();
        const auto& kept = log_->kept(job.id);
        const bool started = std::ranges::any_of(kept,
                                                 [&](const SubmissionLog::Sent& sent) {
                                                     return sent.command.request == expired.request;
                                                 }) ||
                             (oldest && job.begun);
        if (started) on_all_released(job, release_all_of(job, expired.request, oldest, moves));
        end_given_up(job, request);
        if (oldest) taken.again[job.id] = 0;
    }
    go_through_again(taken, moves);
    // What stayed for the request.
    if (!goes_on && job.waiting.empty())
        static_cast<void>(release_all_of(job, expired.request, true, moves));
}

// Whether the last execution of the request has started: that of what is kept.
bool PipelineScheduler::executes_last(const JobRun& job, const Arrival& request) const {
    const std::int64_t passes =
        request.tokens ? std::max<std::int64_t>(1, request.tokens->output) : passes_of(job.facts);
    return std::ranges::any_of(log_->kept(job.id), [&](const SubmissionLog::Sent& sent) {
        const Command& command = sent.command;
        return command.request == request.request && uses(command.verb) &&
               command.pass + 1 == passes && ends_a_variant(*job.plan, command.block);
    });
}

// Releases what has begun to come in for the request, or, of others too, all that the job holds,
// when what is kept of it has ended. Returns what all later commands may wait for.
Wait PipelineScheduler::release_all_of(JobRun& job, RequestId request, bool of_others_too,
                                       Moves& moves) {
    const std::vector<SubmissionLog::Sent> kept = log_->kept_in_order(job.id);
    Wait gone = job.before.executed;
    for (const BlockId block : job.blocks.ids()) {
        BlockLife& life = job.lives[block];
        Wait last = job.before.executed;
        bool has_some = of_others_too && life.may_leave();
        for (const SubmissionLog::Sent& sent : kept) {
            if (sent.command.request != request || sent.command.block != block) continue;
            last |= uses(sent.command.verb) ? Wait::for_execution(sent.ticket) : Wait(sent.ticket);
            if (swaps_out(sent.command.verb)) {
                life.leave();
                job.left[block] = Wait(sent.ticket);
            }
            if (swaps_in(sent.command.verb)) life.advance();
            has_some = life.may_leave();
        }
        if (!has_some) continue;
        const Step step{job, request, 0, block, job.facts[block]};
        Trail trail;
        submit_release(step, last, trail, moves);
        job.left[block] = gone = trail.released;
    }
    for (const SubmissionLog::Sent& sent : kept)
        if (sent.command.request == request && uses(sent.command.verb)) {
            job.before.executed |= Wait::for_execution(sent.ticket);
            ++submitted_ahead_;  // it still ends
        }
    log_->forget_kept(job.id, request);
    return gone;
}

void PipelineScheduler::end_given_up(JobRun& job, std::deque<Arrival>::iterator request) {
    const bool oldest = request == job.waiting.begin();
    std::erase_if(job.pledged,
                  [&](const auto& pledge) { return pledge.first.request == request->request; });
    log_->forget_kept(job.id, request->request);
    if (!oldest || !job.begun) --job.queued;
    job.waiting.erase(request);
    if (!oldest) return;
    job.begun = job.holds = false;
    if (current_ == &job) current_ = nullptr;
}

}  // namespace swaplab
