#include "policies/run/arrivals.h"

#include <algorithm>

#include "policies/lanes/closed_loop.h"

namespace swaplab {

namespace {

Arrival arrival_of(const Workload& workload, JobId job, RequestId request, Time at) {
    const Job& spec = workload.jobs[job];
    Arrival arrival{job, request, at};
    if (const std::optional<Duration> deadline = spec.deadline_of(request))
        arrival.deadline = *deadline > Time::max() - at ? Time::max() : at + *deadline;
    if (!spec.tokens.empty()) arrival.tokens = spec.tokens[request];
    return arrival;
}

}  // namespace

Arrivals::Arrivals(const Workload& workload)
    : workload_(workload), jobs_(workload.jobs.size(), JobState{}) {
    for (const JobId id : workload.jobs.ids()) {
        JobState& state = jobs_[id];
        state.job = &workload.jobs[id];
        if (state.job->mode == ArrivalMode::closed) begin_closed(state);
        state.open = state.job->mode == ArrivalMode::cold && state.job->requests > 1;
        if (state.job->mode == ArrivalMode::stream) {
            state.told_of = std::min(state.job->requests, kMostAhead);
            state.open = state.told_of < state.job->requests;
        }
        open_ += static_cast<std::int64_t>(state.open);
        know(id);
    }
}

std::optional<Time> Arrivals::due(const JobState& state) const {
    const Job& job = *state.job;
    if (state.arrived == job.requests) return std::nullopt;
    if (job.mode == ArrivalMode::closed) {
        if (state.thinking.empty()) return std::nullopt;
        return std::get<0>(*state.thinking.begin());
    }
    if (job.mode == ArrivalMode::listed) return job.arrivals[{state.arrived}];
    if (job.mode == ArrivalMode::cold && state.arrived > 0) return std::nullopt;
    if (job.mode == ArrivalMode::stream && state.arrived == state.told_of) return std::nullopt;
    return kStart;
}

void Arrivals::know(JobId job) {
    const JobState& state = jobs_[job];
    if (const auto at = due(state)) known_.insert({*at, {state.arrived}, job});
    note_next();
}

void Arrivals::forget(JobId job) {
    const JobState& state = jobs_[job];
    if (const auto at = due(state)) known_.erase({*at, {state.arrived}, job});
}

Arrival Arrivals::take_next() {
    const Known next = *known_.begin();
    known_.erase(known_.begin());
    JobState& state = jobs_[next.job];
    if (state.job->mode == ArrivalMode::closed) {
        const auto [at, client, sent] = *state.thinking.begin();
        state.thinking.erase(state.thinking.begin());
        state.waiting.push_back({client, sent + 1});
    }
    ++state.arrived;
    ++arrived_;
    know(next.job);
    return arrival_of(workload_, next.job, next.request, next.at);
}

void Arrivals::end_cold_request(JobId job, Time now) {
    JobState& state = jobs_[job];
    if (!state.open) return;
    const bool late = state.job->until && now >= *state.job->until;
    if (!late) {
        known_.insert({now, {state.arrived}, job});
        note_next();
    }
    if (!late && state.arrived + 1 < state.job->requests) return;
    state.open = false;
    --open_;
}

// Half of what may be ahead at once: not with every end.
void Arrivals::end_streamed_request(JobId job) {
    JobState& state = jobs_[job];
    ++state.ended;
    if (!state.open || state.told_of - state.ended > kMostAhead / 2) return;
    forget(job);
    const std::int64_t left = state.job->requests - state.ended;
    state.told_of = state.ended + std::min(left, kMostAhead);
    know(job);
    if (state.told_of < state.job->requests) return;
    state.open = false;
    --open_;
}

void Arrivals::begin_closed(JobState& state) {
    const ClosedLoop& loop = state.job->loop;
    for (std::uint32_t client = 0; client < loop.clients; ++client)
        think(state, {client, 0}, kStart + loop.offset);
}

void Arrivals::end_closed_request(JobId job, Time now) {
    JobState& state = jobs_[job];
    const Client client = state.waiting.front();
    state.waiting.pop_front();
    forget(job);
    think(state, client, now + state.job->loop.think);
    know(job);
}

// The next request of a client, if there is time for it.
void Arrivals::think(JobState& state, Client client, Time from) {
    const Job& job = *state.job;
    const Time at = from + jitter_of(job.loop, client.number, client.sent);
    if (job.until && at >= *job.until) return;
    state.thinking.insert({at, client.number, client.sent});
}

}  // namespace swaplab
