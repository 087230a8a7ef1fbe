#include "policies/run/metrics.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

Metrics::Metrics(const DeviceSetup& setup, const Workload& workload, Observer* observer)
    : platform_(setup.platform),
      deployment_(setup.deployment),
      workload_(workload),
      requests_(setup.requests),
      observer_(observer),
      parallel_reads_(std::max(setup.deployment.parallel_reads, 1U)),
      jobs_(setup.facts.size()),
      used_(setup.platform.nodes.size()) {
    for (const JobId j : jobs_.ids()) {
        jobs_[j].passes = passes_of(setup.facts[j]);
        std::uint32_t number = 0;
        for (const Variant& variant : setup.deployment.jobs[j].variants) {
            for (const BlockId b : variant.blocks()) {
                const BlockFacts& block = setup.facts[j][b];
                jobs_[j].swap_ins.push_back({block.stored_bytes,
                                             block.parameter_bytes,
                                             0,
                                             variant.ends_with(b),
                                             number,
                                             block.of_token || requests_ ? &block : nullptr,
                                             {},
                                             {},
                                             {}});
            }
            ++number;
        }
    }
}

void Metrics::on_arrival(const Arrival& arrival) {
    ++events_;
    jobs_[arrival.job].arrivals.push_back(arrival.at);
}

void Metrics::on_step(const Completion& span) {
    count(span);
    const Action& command = span.command;
    SwapIn& swap_in = jobs_[command.job].swap_ins[command.block];
    if (command.lane == Lane::storage) {
        used_[command.node].read += swap_in.varying == nullptr
                                        ? swap_in.stored_bytes
                                        : facts_of(command).stored_in(command.pass);
        swap_in.reading += span.end - span.start;
        swap_in.count = 0;
    } else if (brings(command.verb)) {
        used_[command.node].copied += swap_in.varying == nullptr
                                          ? swap_in.parameter_bytes
                                          : facts_of(command).parameters_in(command.pass);
    }
    SWAPLAB_CHECK(swap_in.count < swap_in.steps.size(), "step {} of a swap-in of at most {}",
                  swap_in.count + 1, swap_in.steps.size());
    swap_in.steps[swap_in.count++] = {span.start, span.end, span.released_at.value_or(kStart),
                                      span.blocked_since.value_or(span.start)};
}

const BlockFacts& Metrics::facts_of(const Action& command) const {
    if (requests_ != nullptr && (*requests_)[command.job].vary())
        return (*requests_)[command.job].of(command.request)[command.block];
    return *jobs_[command.job].swap_ins[command.block].varying;
}

std::uint32_t Metrics::passes(const JobState& job, const Action& command) const {
    if (requests_ == nullptr || !(*requests_)[command.job].vary()) return job.passes;
    return passes_of((*requests_)[command.job].of(command.request));
}

void Metrics::on_use(const Completion& span) {
    count(span);
    JobState& job = jobs_[span.command.job];
    SwapIn& swap_in = job.swap_ins[span.command.block];
    if (span.start > compute_end_) explain_gap(swap_in, compute_end_, span);
    swap_in.count = 0;
    swap_in.executing += span.end - span.start;
    used_[span.command.node].executing += span.end - span.start;
    compute_end_ = span.end;
    if (!periods_.empty()) [[unlikely]]
        split_execution(span);
    if (swap_in.last) end_pass(job, span.command, span.end);
}

// What has ended by now was in the mode at the start.
void Metrics::on_mode(Time at, const std::string& mode) {
    if (periods_.empty()) {
        ModePeriod& first = periods_.emplace_back(ModePeriod{kStart, platform_.mode, {}});
        for (const NodeUse& use : used_) first.executing.push_back(use.executing);
    }
    periods_.push_back({at, mode, IdVector<NodeId, Duration>(used_.size())});
}

// The execution draws the power of the mode in force, whatever mode its length is from.
void Metrics::split_execution(const Completion& span) {
    Time until = span.end;
    for (auto period = periods_.rbegin(); until > span.start; ++period) {
        if (period->from >= until) continue;
        const Time from = std::max(period->from, span.start);
        period->executing[span.command.node] += until - from;
        until = from;
    }
}

Duration& Metrics::stall_of(StallReason reason) {
    if (reason == StallReason::read) return stalls_.read;
    return reason == StallReason::memory ? stalls_.memory : stalls_.other;
}

// Splits the idle time before an execution, from `from` on, by what its swap-in was doing.
void Metrics::explain_gap(const SwapIn& swap_in, Time from, const Completion& execution) {
    Time at = from;
    const auto spend = [&](StallReason reason, Time until) {
        until = std::min(until, execution.start);
        if (until <= at) return;
        stall_of(reason) += until - at;
        if (observer_ != nullptr) observer_->on_stall({reason, at, until, execution.command});
        at = until;
    };
    for (std::size_t i = 0; i < swap_in.count; ++i) {
        const Step& step = swap_in.steps[i];
        spend(StallReason::memory, std::min(step.released, step.start));
        spend(StallReason::other, step.blocked);
        spend(StallReason::memory, step.start);
        spend(StallReason::read, step.end);
    }
    spend(StallReason::other, execution.start);
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
    note_variant(job, last);
    end_request(job, last.job, end);
}

void Metrics::note_variant(JobState& job, const Action& last) const {
    const std::vector<Variant>& variants = deployment_.jobs[last.job].variants;
    const std::uint32_t variant = job.swap_ins[last.block].variant;
    if (variants.size() > 1 && (job.adopted.empty() || job.adopted.back().variant != variant))
        job.adopted.push_back(
            {last.request, variant, variants[variant].need, variants[variant].size()});
}

// What the latency of the current request counts from.
Time Metrics::begin_of_request(const JobState& job, const Job& spec) {
    const bool streams = spec.mode == ArrivalMode::stream && job.last_end;
    return streams ? *job.last_end : job.arrivals[job.ended_arrivals];
}

void Metrics::end_request(JobState& job, JobId id, Time end) {
    const Job& spec = workload_.jobs[id];
    const RequestId request{static_cast<std::uint32_t>(job.latencies.size())};
    const Duration latency = end - begin_of_request(job, spec);
    const Time arrival = job.arrivals[job.ended_arrivals++];
    job.last_end = end;
    job.latencies.push_back(latency);
    const std::optional<Duration> deadline = spec.deadline_of(request);
    const bool missed = deadline && end - arrival > *deadline;
    job.deadline_misses += static_cast<std::int64_t>(missed);
    ++requests_ended_;
    if (observer_ != nullptr) observer_->on_request_end({id, request, arrival, end, missed});
}

// Whatever happens, at most `parallel_reads_` reads and one execution go on at once, and a block is
// executed after it and all before it have been read. In whole ns, rounded down.
void Metrics::bound_by_durations(RunResult& result) const {
    Duration reading{};
    Duration executing{};
    for (const JobState& job : jobs_)
        for (const SwapIn& block : job.swap_ins) {
            reading += block.reading;
            executing += block.executing;
        }
    const JobState& only = jobs_.front();
    const bool cold = jobs_.size() == 1 && workload_.jobs.front().mode == ArrivalMode::cold &&
                      only.passes == 1 && deployment_.jobs.front().variants.size() == 1;
    const auto ended = static_cast<std::int64_t>(only.latencies.size());
    result.measured_lower_bound_of = cold ? BoundOf::latency : BoundOf::makespan;
    result.measured_lower_bound = std::max(reading / parallel_reads_, executing);
    if (!cold) return;
    Duration bound{};
    Duration read{};
    for (const SwapIn& block : only.swap_ins) {
        read += block.reading;
        bound = std::max(bound, read / parallel_reads_ + executing);
        executing -= block.executing;
    }
    result.measured_lower_bound = ended > 0 ? bound / ended : Duration{};
}

void Metrics::report(RunResult& result) const {
    std::vector<Duration> all;
    std::int64_t misses = 0;
    auto told_of = result.jobs.begin();
    for (const JobState& job : jobs_) {
        JobResult& told = *told_of++;
        told.latencies = job.latencies;
        told.first_tokens = job.first_tokens;
        told.next_tokens = job.next_tokens;
        told.summarize_all();
        told.deadline_misses = job.deadline_misses;
        told.adopted = job.adopted;
        misses += job.deadline_misses;
        all.insert(all.end(), job.latencies.begin(), job.latencies.end());
    }
    result.requests = static_cast<std::int64_t>(all.size());
    result.latency = summarize(std::move(all));
    result.makespan = compute_end_ - kStart;
    for (const NodeUse& use : used_) {
        result.compute_busy += use.executing;
        result.swapped_in += use.read;
    }
    result.energy_j = energy_j(platform_, result.makespan, used_, periods_);
    result.stalls = stalls_;
    result.events = events_;
    // Reads for a request that did not end are no bound for those that did.
    if (result.verdict != Verdict::interrupted) bound_by_durations(result);
    if (result.requests > 0)
        result.deadline_miss_ratio =
            static_cast<double>(misses) / static_cast<double>(result.requests);
    if (misses > 0 && result.verdict == Verdict::ok) result.verdict = Verdict::deadline_miss;
}

}  // namespace swaplab
