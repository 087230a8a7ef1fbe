#include "experiments/explain/request_accounts.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace swaplab {

namespace {

// More blocks of one job than anybody reads of.
constexpr std::size_t kMostItems = 4096;

// By the steps of a way in.
Duration& part_of(RequestAccount& account, Verb step) {
    const std::array<Duration*, kSwapInVerbs> parts{&account.reads, &account.copies,
                                                    &account.assemblies};
    return *parts[step_rank(step)];
}

}  // namespace

Duration RequestAccount::blocked_time() const {
    return std::accumulate(blocked.begin(), blocked.end(), Duration{},
                           [](Duration sum, const Blocker& one) { return sum + one.time; });
}

void RequestAccounts::on_start(const DeviceSetup&, const Workload& workload) {
    jobs_.resize(workload.jobs.size());
}

RequestAccounts::Active* RequestAccounts::active(JobId job, RequestId request) {
    JobState& state = jobs_[job];
    const std::uint32_t place = request.index - state.first;
    return place < state.active.size() ? &state.active[place] : nullptr;
}

void RequestAccounts::on_arrival(const Arrival& arrival) {
    Active& request = jobs_[arrival.job].active.emplace_back();
    request.account.job = arrival.job;
    request.account.request = arrival.request;
    request.account.arrival = arrival.at;
    request.account.deadline = arrival.deadline;
    request.account.tokens = arrival.tokens;
    Action of;
    of.job = arrival.job;
    of.request = arrival.request;
    events_.push({arrival.at, What::arrives, {}, of});
}

void RequestAccounts::on_span(const Completion& span) {
    note_end(span.ticket);
    if (span.command.lane == Lane::none) return;
    if (Active* request = active(span.command.job, span.command.request))
        request->start = std::min(request->start.value_or(span.start), span.start);
    if (span.end == span.start) return;
    events_.push({span.start, What::starts, span.ticket, span.command});
    events_.push({span.end, What::stops, span.ticket, span.command});
}

void RequestAccounts::on_request_end(const RequestEnd& end) {
    Active* request = active(end.job, end.request);
    request->account.end = end.end;
    request->account.missed = end.missed;
    request->account.latency = end.latency;
    request->account.turn = end.turn;
    Action of;
    of.job = end.job;
    of.request = end.request;
    events_.push({end.end, What::ends, {}, of});
}

void RequestAccounts::on_decision(const Decision& decision) {
    for (const Command& command : decision.commands)
        outstanding_.push_back({decision.at, command.lane == Lane::none});
    for (const Cancellation& cancellation : decision.cancellations)
        if (cancellation.done) note_end(cancellation.ticket);
    sweep(known_until(decision.at));
}

void RequestAccounts::note_end(Ticket ticket) {
    if (ticket.index < first_outstanding_) return;
    outstanding_[ticket.index - first_outstanding_].ended = true;
}

// What has started before then has ended, so all of it is known: a command starts when it has been
// submitted.
Time RequestAccounts::known_until(Time now) {
    while (!outstanding_.empty() && outstanding_.front().ended) {
        outstanding_.pop_front();
        ++first_outstanding_;
    }
    return outstanding_.empty() ? now : outstanding_.front().submitted;
}

void RequestAccounts::sweep(Time until) {
    while (!events_.empty() && (events_.top().at < until || until == Time::max())) {
        const Event event = events_.top();
        events_.pop();
        // On real devices an arrival may be seen after what ended meanwhile.
        if (event.at > swept_) pass(event.at - swept_);
        swept_ = std::max(swept_, event.at);
        take(event);
    }
}

void RequestAccounts::take(const Event& event) {
    const bool executes = uses(event.of.verb);
    switch (event.what) {
        case What::stops:
            if (executes)
                executing_.reset();
            else
                std::erase_if(steps_, [&](const Running& r) { return r.ticket == event.ticket; });
            break;
        case What::arrives: begin(*active(event.of.job, event.of.request)); break;
        case What::starts:
            if (executes)
                executing_ = {event.ticket, event.of};
            else
                steps_.push_back({event.ticket, event.of});
            break;
        case What::ends: tell_of(jobs_[event.of.job]); break;
    }
}

void RequestAccounts::begin(Active& request) {
    ++epoch_;
    for (const JobState& state : jobs_)
        request.marks.push_back({state.way.time, state.way.count()});
}

void RequestAccounts::pass(Duration time) {
    if (!executing_) return pass_idle(time);
    const Action& of = executing_->of;
    block_others(of, time, {{of.job, of.request}});
    Active* request = active(of.job, of.request);
    if (request == nullptr) return;
    request->account.compute += time;
    exclude(*request, of.job, time);
}

// Compute is idle. The oldest step is in the way of all who have none of their own.
void RequestAccounts::pass_idle(Duration time) {
    if (steps_.empty()) return;
    const Action& by = steps_.front().of;
    std::vector<Request> not_for;
    for (const Running& step : steps_) {
        const auto alike = [&](const Running& other) {
            return other.of.job == step.of.job && other.of.request == step.of.request;
        };
        // Of several steps of a request the first kind counts, in the order of a way in.
        const bool counted = std::ranges::any_of(steps_, [&](const Running& other) {
            return alike(other) && std::pair(index_of(other.of.verb), other.ticket) <
                                       std::pair(index_of(step.of.verb), step.ticket);
        });
        Active* request = active(step.of.job, step.of.request);
        if (counted || request == nullptr) continue;
        part_of(request->account, step.of.verb) += time;
        exclude(*request, by.job, time);
        not_for.emplace_back(step.of.job, step.of.request);
    }
    block_others(by, time, std::move(not_for));
}

void RequestAccounts::block_others(const Action& by, Duration time, std::vector<Request> not_for) {
    InTheWay& way = jobs_[by.job].way;
    way.time += time;
    Item item{by.block, epoch_, std::move(not_for)};
    if (!way.items.empty() && way.items.back() == item) return;
    way.items.push_back(std::move(item));
    if (way.items.size() <= kMostItems) return;
    way.items.pop_front();
    ++way.dropped;
}

void RequestAccounts::exclude(Active& request, JobId job, Duration time) {
    for (auto& [of, sum] : request.own)
        if (of == job) {
            sum += time;
            return;
        }
    request.own.emplace_back(job, time);
}

std::optional<Blocker> RequestAccounts::blocker(const Active& request, JobId job) const {
    const InTheWay& way = jobs_[job].way;
    const Mark& mark = request.marks[job.index];
    Blocker blocker{job, std::nullopt, way.time - mark.time};
    for (const auto& [of, sum] : request.own)
        if (of == job) blocker.time -= sum;
    if (blocker.time == Duration::zero()) return std::nullopt;
    if (mark.items < way.dropped) return blocker;
    for (std::size_t i = mark.items - way.dropped; i < way.items.size(); ++i) {
        const Item& item = way.items[i];
        const Request itself{request.account.job, request.account.request};
        if (std::ranges::find(item.not_for, itself) != item.not_for.end()) continue;
        if (!blocker.blocks) blocker.blocks.emplace(item.block, item.block);
        blocker.blocks->first = std::min(blocker.blocks->first, item.block);
        blocker.blocks->second = std::max(blocker.blocks->second, item.block);
    }
    return blocker;
}

// Requests of a job end in order.
void RequestAccounts::tell_of(JobState& state) {
    Active& request = state.active.front();
    RequestAccount& account = request.account;
    account.start = request.start.value_or(account.end);
    for (const JobId job : jobs_.ids())
        if (auto found = blocker(request, job)) account.blocked.push_back(*found);
    std::ranges::stable_sort(account.blocked, std::greater{}, &Blocker::time);
    account.other = account.end - account.arrival - account.compute - account.reads -
                    account.copies - account.assemblies - account.blocked_time();
    tell_(account);
    state.active.pop_front();
    ++state.first;
}

}  // namespace swaplab
