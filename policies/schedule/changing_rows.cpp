// How a `PipelineScheduler` goes over to another row of a lookup table, when the budget has changed
// (SEMANTICS: Budgets that change). After a fall what has not started is taken back, and all that
// the job holds goes but what executes; then the request goes on behind that. What has begun stands
// where it is, so the log forgets the job's entries.
#include <algorithm>
#include <tuple>

#include "policies/schedule/pipeline_scheduler.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

BlockId block_at(const JobPlan& plan, const Variant& variant, std::uint32_t unit) {
    for (const BlockId block : variant.blocks())
        if (plan.blocks[block].first == unit) return block;
    SWAPLAB_CHECK(false, "no block of a variant of {} begins at unit {}", variant.size(), unit);
    return {};
}

std::uint32_t units_of(const JobPlan& plan) {
    return plan.blocks[BlockId{plan.bridge().last - 1}].last;
}

// Whether a block may use parameters that another one brought in.
bool shares(const JobPlan& plan, IdSpan<BlockId, const BlockFacts> facts) {
    return std::ranges::any_of(plan.bridge().blocks(),
                               [&](BlockId block) { return !facts[block].brought.empty(); });
}

// Whether blocks of a row need others to be there that came in before them in the pass.
bool builds_on_earlier(const JobPlan& plan, const Variant& row,
                       IdSpan<BlockId, const BlockFacts> facts) {
    if (plan.keeps_all) return true;
    return shares(plan, facts) &&
           std::ranges::any_of(row.blocks(), [&](BlockId block) { return plan.keeps(block); });
}

}  // namespace

void PipelineScheduler::count(const Command& command, Ticket ticket) {
    JobRun& job = jobs_[command.job];
    ++job.outstanding;
    if (uses(command.verb)) count_use(command, ticket);
    if (swaps_in(command.verb) && job.lives[command.block].absent()) ++job.held;
    if (swaps_out(command.verb)) --job.held;
}

void PipelineScheduler::count_use(const Command& execution, Ticket ticket) {
    JobRun& job = jobs_[execution.job];
    ++job.executing;
    job.under_way.emplace_back(ticket, execution.block);
    job.position = {execution.request, execution.pass, job.facts[execution.block].units.last};
    if (job.position.unit < units_of(*job.plan)) return;
    ++job.position.pass;
    job.position.unit = 0;
}

void PipelineScheduler::count_cancelled(const Command& command, const BlockLife& before) {
    if (!adaptive()) return;
    JobRun& job = jobs_[command.job];
    --job.outstanding;
    if (swaps_in(command.verb) && before.absent()) --job.held;
    if (swaps_out(command.verb)) ++job.held;
    if (!uses(command.verb)) return;
    --job.executing;
    job.under_way.pop_back();
    job.position = {command.request, command.pass, job.facts[command.block].units.first};
}

const Variant* PipelineScheduler::best_row(const JobRun& job, Bytes share) {
    const std::span rows = job.plan->rows();
    const auto above = std::ranges::upper_bound(rows, share, {}, &Variant::need);
    return above == rows.begin() ? nullptr : &*std::prev(above);
}

PipelineScheduler::Position PipelineScheduler::where_granted(const JobRun& job) {
    const RequestId request = job.waiting.front().request;
    return job.begun ? Position{request, job.next_pass, job.resumes_at} : Position{request, 0, 0};
}

bool PipelineScheduler::begins_pass(const JobRun& job) {
    return !job.begun || (job.leaving != Leaving::now && job.variant->begins_with(job.next_block));
}

bool PipelineScheduler::may_go_on(const JobRun& job) const {
    if (!adaptive()) return true;
    if (job.leaving == Leaving::now) return job.outstanding == 0 && grant(job);
    return job.begun || grant(job) || must_leave(job);
}

// For its row: its share, and not what others have yet to give back.
Bytes PipelineScheduler::left_for(const JobRun& job) const {
    Bytes left = usable_;
    for (const JobRun& other : jobs_)
        if (&other != &job) left -= other.in_use();
    return std::min(left, (*shares_)[job.id]);
}

// Its row, at the begin of a pass; between requests, since what it keeps is of another one.
bool PipelineScheduler::must_leave(const JobRun& job) const {
    if (!adaptive() || job.holds || !begins_pass(job)) return false;
    if (job.leaving == Leaving::at_next_pass) return true;
    if (job.begun || !shares_ || job.outstanding > 0 || job.held == 0 || !job.pledged.empty())
        return false;
    const Variant* const best = best_row(job, left_for(job));
    return best != nullptr && best != job.variant;
}

void PipelineScheduler::change_rows(Moves& moves) {
    // Taking back takes grants back, too.
    IdVector<JobId, bool> shrinks, grows;
    for (const JobRun& job : jobs_) shrinks.push_back(must_shrink(job));
    for (const JobRun& job : jobs_) grows.push_back(!shrinks[job.id] && may_grow(job));
    const auto& entries = log_->entries();
    const auto first = std::ranges::find_if(entries, [&](const SubmissionLog::Entry& entry) {
        return shrinks[entry.job] || (grows[entry.job] && entry.begins_pass && !entry.started);
    });
    if (first != entries.end()) take_back(static_cast<std::size_t>(first - entries.begin()), moves);
    for (JobRun& job : jobs_) {
        if (shrinks[job.id]) shrink(job, moves);
        if (grows[job.id]) grow(job, moves);
    }
}

bool PipelineScheduler::must_shrink(const JobRun& job) const {
    return job.in_use() > (shares_ ? (*shares_)[job.id] : Bytes{});
}

bool PipelineScheduler::may_grow(const JobRun& job) const {
    if (!job.begun || !shares_ || job.leaving != Leaving::no) return false;
    const Variant* const best = best_row(job, (*shares_)[job.id]);
    const Variant* const row = job.then != nullptr ? job.then : job.variant;
    return best != nullptr && best->need > row->need;
}

// What was read for nothing goes when that has ended, what executes afterwards.
void PipelineScheduler::shrink(JobRun& job, Moves& moves) {
    IdVector<BlockId, Wait> after(job.blocks.size());
    for (const SubmissionLog::Entry& entry : log_->entries())
        if (entry.job == job.id) note_ways_in(entry.sent, after);
    const std::vector<SubmissionLog::Sent> kept = log_->kept_in_order(job.id);
    note_ways_in(kept, after);
    log_->forget(job.id);
    job.pledged.clear();
    stand_by(job, kept);
    release_all(job, after, moves);
    go_back_to_position(job);
}

// When the pass under way has ended; what has come in for those behind it goes.
void PipelineScheduler::grow(JobRun& job, Moves& moves) {
    const RequestId request = job.waiting.front().request;
    const std::uint32_t pass = !job.begun ? 0 : job.next_pass + std::uint32_t{!begins_pass(job)};
    std::vector<SubmissionLog::Sent> ahead;
    for (const SubmissionLog::Sent& sent : log_->kept_in_order(job.id))
        if (std::tie(sent.command.request, sent.command.pass) >= std::tie(request, pass))
            ahead.push_back(sent);
    for (const SubmissionLog::Sent& sent : ahead) log_->forget_kept(job.id, sent.ticket);
    std::erase_if(job.pledged, [&](const auto& pledge) {
        return !job.begun || pledge.first.request != request;
    });
    IdVector<BlockId, Wait> after(job.blocks.size());
    note_ways_in(ahead, after);
    stand_by(job, ahead);
    job.leaving = Leaving::at_next_pass;
    for (const SubmissionLog::Sent& sent : ahead)
        release(job, sent.command.block, after[sent.command.block], moves);
}

void PipelineScheduler::note_ways_in(std::span<const SubmissionLog::Sent> all,
                                     IdVector<BlockId, Wait>& after) const {
    for (const SubmissionLog::Sent& sent : all) {
        Wait& wait = after[sent.command.block];
        if (swaps_in(sent.command.verb) && log_->is_open(sent.ticket)) wait |= Wait(sent.ticket);
    }
}

// What had started of blocks that were taken back, and will not be submitted again.
void PipelineScheduler::stand_by(JobRun& job, std::span<const SubmissionLog::Sent> started) {
    for (const SubmissionLog::Sent& sent : started) {
        BlockLife& life = job.lives[sent.command.block];
        if (swaps_in(sent.command.verb)) life.advance();
        if (uses(sent.command.verb)) ++submitted_ahead_;  // it still ends
        if (swaps_out(sent.command.verb)) life.leave();
    }
}

// Everything that the job holds; `after`: its way in, where that goes on.
void PipelineScheduler::release_all(JobRun& job, const IdVector<BlockId, Wait>& after,
                                    Moves& moves) {
    for (const BlockId block : job.blocks.ids()) release(job, block, after[block], moves);
    // Nothing is submitted before all of that has ended.
    changing(job.row_free) = {};
    on_all_released(job, {});
}

// If there is anything of it.
void PipelineScheduler::release(JobRun& job, BlockId block, const Wait& after, Moves& moves) {
    if (!job.lives[block].may_leave()) return;
    // Taken back and submitted again it is the same.
    const RequestId request =
        job.waiting.empty() ? job.position.request : job.waiting.front().request;
    const Step step{job, request, job.begun ? job.next_pass : 0, block, job.facts[block]};
    Trail trail;
    submit_release(step, after | until_unused(job, block), trail, moves);
}

Wait PipelineScheduler::until_unused(const JobRun& job, BlockId block) {
    const bool shared = shares(*job.plan, job.facts);
    Wait last;
    for (const auto& [ticket, used] : job.under_way)
        if (shared || used == block) last |= Wait::for_execution(ticket);
    return last;
}

void PipelineScheduler::go_back_to_position(JobRun& job) {
    job.leaving = Leaving::now;
    if (!job.begun) return;
    const RequestId request = job.waiting.front().request;
    job.holds = false;
    job.then = nullptr;
    if (job.position.request == request && (job.position.pass > 0 || job.position.unit > 0)) {
        job.next_pass = job.position.pass;
        job.resumes_at = job.position.unit;
        return;
    }
    // Nothing of it has begun to execute.
    job.begun = false;
    ++job.queued;
    if (current_ == &job) current_ = nullptr;
}

void PipelineScheduler::leave_row(JobRun& job, Moves& moves) {
    bool held = end_pass(job, false);
    while (held) held = submit_held(job, moves);
    // Not before the pass has ended: nothing that stands later has started before.
    Wait ended;
    if (!job.under_way.empty()) ended = Wait::for_execution(job.under_way.back().first);
    release_all(job, IdVector<BlockId, Wait>(job.blocks.size(), ended), moves);
    SWAPLAB_CHECK(job.begun || job.held == 0 || !job.pledged.empty(),
                  "job {} leaves its row with {} blocks in memory", job.id.index, job.held);
    changing(job.leaving) = Leaving::now;
    changing(job.resumes_at) = 0;
}

// With the best row that there is now: by single units to its first cut, if it has none here.
void PipelineScheduler::resume(JobRun& job) {
    adopt(job, *grant(job));
    const Variant& row = *job.variant;
    const std::uint32_t unit = job.resumes_at;
    const std::uint32_t cut = first_cut(job, row, unit);
    if (cut > unit) {
        changing(job.then) = &row;
        changing(job.then_from) = cut;
        changing(job.variant) = &job.plan->bridge();
    }
    changing(job.next_block) = block_at(*job.plan, *job.variant, unit);
    if (may_grow(job)) changing(job.leaving) = Leaving::at_next_pass;
}

std::uint32_t PipelineScheduler::first_cut(const JobRun& job, const Variant& row,
                                           std::uint32_t from) {
    const std::uint32_t end = units_of(*job.plan);
    if (from == 0) return 0;
    if (builds_on_earlier(*job.plan, row, job.facts)) return end;
    for (const BlockId block : row.blocks())
        if (job.plan->blocks[block].first >= from) return job.plan->blocks[block].first;
    return end;
}

Trail PipelineScheduler::submit_alone(const Step& step, Moves& moves) {
    Trail trail;
    submit_swap_in(step, step.job.before.released, {}, trail, moves);
    submit_execution(step, trail.assembled | step.job.before.executed, trail, moves);
    return trail;
}

void PipelineScheduler::end_bridge(JobRun& job, const Trail& last) {
    const std::uint32_t reached = job.facts[BlockId{job.next_block.index - 1}].units.last;
    if (reached < job.then_from) return;
    changing(job.variant) = job.then;
    changing(job.then) = nullptr;
    changing(job.row_free) = last.released;
    const Wait gone = last.released;
    changing(job.before) = changing(job.before_that) = {gone, gone, gone, last.executed, gone};
    if (reached < units_of(*job.plan))
        changing(job.next_block) = block_at(*job.plan, *job.variant, reached);
}

}  // namespace swaplab
