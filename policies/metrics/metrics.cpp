#include "policies/metrics/metrics.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

Metrics::Metrics(const DeviceSetup& setup, const Workload& workload, bool at_once,
                 Observer* observer)
    : platform_(setup.platform),
      deployment_(setup.deployment),
      workload_(workload),
      facts_(setup.facts),
      requests_(setup.requests),
      observer_(observer),
      parallel_reads_(std::max(setup.deployment.parallel_reads, 1U)),
      jobs_(setup.facts.size()),
      stalls_(setup, at_once, observer) {
    on_mode(kStart, setup.platform.mode);
    for (const JobId j : jobs_.ids()) {
        jobs_[j].passes = passes_of(setup.facts[j]);
        jobs_[j].rows = setup.deployment.jobs[j].rows().size();
        std::uint32_t number = 0;
        for (const Variant& variant : setup.deployment.jobs[j].variants) {
            for (const BlockId b : variant.blocks()) {
                const BlockFacts& block = setup.facts[j][b];
                jobs_[j].blocks.push_back({block.stored_bytes, block.parameter_bytes,
                                           variant.ends_with(b), number,
                                           block.of_token || requests_ != nullptr});
            }
            ++number;
        }
    }
}

void Metrics::on_arrival(const Arrival& arrival) {
    ++events_;
    if (!first_arrival_) first_arrival_ = arrival.at;
    if (requests_there_++ == 0) stalls_.on_busy(arrival.at);
    JobState& job = jobs_[arrival.job];
    job.note_arrival(arrival.request, arrival.at);
    job.there.push_back(arrival.request);
}

std::int64_t Metrics::requests_done() const {
    std::int64_t done = requests_ended_;
    for (const JobState& job : jobs_) done += job.dropped + job.aborted;
    return done;
}

void Metrics::on_abort(JobId id, RequestId request, bool executes) {
    JobState& job = jobs_[id];
    if (job.there.front() == request) job.executes = false;
    std::erase(job.there, request);
    job.forget_arrivals();
    ++job.aborted;
    ++job.deadline_misses;
    if (!executes && --requests_there_ == 0) stalls_.on_given_up();
}

void Metrics::on_step(const Completion& span) {
    count(span);
    stalls_.on_end(span, false);
    const Action& command = span.command;
    BlockUse& block = jobs_[command.job].blocks[command.block];
    if (command.lane == Lane::storage) {
        const Bytes read =
            block.varies ? facts_of(command).stored_in(command.pass) : block.stored_bytes;
        use_at_end(span).read += read;
        if (!block.first_read) block.first_read = read;
        block.reading += span.end - span.start;
    } else if (brings(command.verb)) {
        use_at_end(span).copied +=
            block.varies ? facts_of(command).parameters_in(command.pass) : block.parameter_bytes;
    }
}

void Metrics::on_use(const Completion& span) {
    count(span);
    JobState& job = jobs_[span.command.job];
    BlockUse& block = job.blocks[span.command.block];
    const bool counts = !job.there.empty() && job.there.front() == span.command.request;
    if (counts && !job.executes) begin_turn(job, span.command.request);
    const Duration length = span.end - span.start;
    block.executing += length;
    ++block.uses;
    if (block.varies) [[unlikely]]
        block.used += facts_of(span.command).stored_in(span.command.pass);
    job.executing += length;
    if (counts && job.rows > 1) [[unlikely]]
        note_variant(job, span.command);
    executed_ += length;
    compute_end_ = span.end;
    if (block.last && counts) end_pass(job, span.command, span.end);
    if (!counts) --requests_there_;
    stalls_.on_end(span, requests_there_ == 0);
}

// The turn of a request begins when nobody else executes before it any more.
void Metrics::begin_turn(JobState& job, RequestId request) {
    job.executes = true;
    job.turn_begin = std::max(job.arrival(request), compute_end_);
    job.busy_before = executed_;
    job.executing = {};
}

// Without the executions of others in between.
Duration Metrics::end_turn(JobState& job, Time end) const {
    job.executes = false;
    return end - job.turn_begin - (executed_ - job.busy_before - job.executing);
}

void Metrics::on_mode(Time at, const std::string& mode) {
    periods_.push_back({at, mode, IdVector<NodeId, NodeUse>(platform_.nodes.size())});
}

void Metrics::end_pass(JobState& job, const Action& last, Time end) {
    const Job& spec = workload_.jobs[last.job];
    if (job.passes > 1) {
        if (last.pass == 0)
            job.first_tokens.push_back(end - begin_of_request(job, spec));
        else
            job.next_tokens.push_back(end - job.pass_end);
        job.pass_end = end;
    }
    if (last.pass + 1 < passes(job, last)) return;
    end_request(job, last.job, end);
}

// Not those of what leads from one row to another.
void Metrics::note_variant(JobState& job, const Action& execution) const {
    const std::span rows = deployment_.jobs[execution.job].rows();
    const std::uint32_t row = job.blocks[execution.block].variant;
    if (row < rows.size() && (job.adopted.empty() || job.adopted.back().variant != row))
        job.adopted.push_back({execution.request, row, rows[row].need, rows[row].size()});
}

// What the latency of the current request counts from.
Time Metrics::begin_of_request(const JobState& job, const Job& spec) {
    const bool streams = spec.mode == ArrivalMode::stream && job.last_end;
    const RequestId request = job.there.front();
    return streams ? *job.last_end : job.arrival(request);
}

void Metrics::end_request(JobState& job, JobId id, Time end) {
    const Job& spec = workload_.jobs[id];
    const RequestId request = job.there.front();
    const Duration latency = end - begin_of_request(job, spec);
    const Time arrival = job.arrival(request);
    job.there.pop_front();
    job.forget_arrivals();
    job.last_end = end;
    if (workload_.overrun.any()) job.ended.push_back(request);
    job.latencies.push_back(latency);
    job.turns.push_back(end_turn(job, end));
    const std::optional<Duration> deadline = spec.deadline_of(request);
    const bool missed = deadline && end - arrival > *deadline;
    job.deadline_misses += static_cast<std::int64_t>(missed);
    ++requests_ended_;
    --requests_there_;
    if (observer_ != nullptr)
        observer_->on_request_end({id, request, arrival, end, missed, latency, job.turns.back()});
}

// Whatever happens, at most `parallel_reads_` reads and one execution go on at once, and a block is
// executed after it and all before it have been read. In whole ns, rounded down.
void Metrics::bound_by_durations(RunResult& result) const {
    Duration reading{};
    Duration executing{};
    for (const JobState& job : jobs_)
        for (const BlockUse& block : job.blocks) {
            reading += block.reading;
            executing += block.executing;
        }
    const JobState& only = jobs_.front();
    const bool cold = jobs_.size() == 1 && workload_.jobs.front().mode == ArrivalMode::cold &&
                      only.passes == 1 && deployment_.jobs.front().variants.size() == 1;
    const std::int64_t ended = std::ssize(result.jobs.front().latencies);
    result.measured_lower_bound_of = cold ? BoundOf::latency : BoundOf::makespan;
    result.measured_lower_bound = std::max(reading / parallel_reads_, executing);
    if (!cold) return;
    Duration bound{};
    Duration read{};
    for (const BlockUse& block : only.blocks) {
        read += block.reading;
        bound = std::max(bound, read / parallel_reads_ + executing);
        executing -= block.executing;
    }
    result.measured_lower_bound = ended > 0 ? bound / ended : Duration{};
}

// As if the run had begun then.
std::vector<ModePeriod> Metrics::periods_from(Time begin) const {
    std::vector<ModePeriod> periods = periods_;
    for (ModePeriod& period : periods)
        period.from = kStart + (std::max(period.from, begin) - begin);
    return periods;
}

// Of what executions used, what was there already; of what was read, what had been read before.
void Metrics::report_hits(RunResult& result) const {
    Bytes first;
    for (const JobState& job : jobs_)
        for (const BlockUse& block : job.blocks) {
            result.used += block.varies ? block.used : block.uses * block.stored_bytes;
            first += block.first_read.value_or(Bytes{});
        }
    result.read_again = result.swapped_in - first;
}

void Metrics::report(RunResult& result) {
    std::int64_t misses = 0;
    auto told_of = result.jobs.begin();
    for (JobState& job : jobs_) {
        JobResult& told = *told_of++;
        told.latencies = std::move(job.latencies);
        told.turns = std::move(job.turns);
        told.first_tokens = std::move(job.first_tokens);
        told.next_tokens = std::move(job.next_tokens);
        told.deadline_misses = job.deadline_misses;
        told.dropped = job.dropped;
        told.aborted = job.aborted;
        told.ended = job.ended;
        told.adopted = job.adopted;
        misses += job.deadline_misses;
    }
    result.summarize_all();
    result.requests = result.latency.count;
    const Time begin = first_arrival_.value_or(kStart);
    result.makespan = std::max(compute_end_, begin) - begin;
    for (const ModePeriod& period : periods_)
        for (const NodeUse& use : period.use) {
            result.compute_busy += use.executing();
            result.swapped_in += use.read;
        }
    report_hits(result);
    result.energy_j = energy_j(platform_, result.makespan, periods_from(begin));
    result.stalls = stalls_.stalls();
    result.stalls[StallReason::other] =
        std::max(Duration{}, result.makespan - result.compute_busy - result.stalls.sum());
    result.events = events_;
    // Reads for a request that did not end are no bound for those that did.
    if (result.verdict != Verdict::interrupted) bound_by_durations(result);
    if (const std::int64_t due = result.requests + result.aborted(); due > 0)
        result.deadline_miss_ratio = static_cast<double>(misses) / static_cast<double>(due);
    if (misses > 0 && result.verdict == Verdict::ok) result.verdict = Verdict::deadline_miss;
}

}  // namespace swaplab
