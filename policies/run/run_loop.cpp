#include "policies/run/run_loop.h"

#include <algorithm>
#include <map>

#include "policies/metrics/metrics.h"
#include "policies/port/evidence.h"
#include "policies/port/rule_violation.h"
#include "policies/run/arrivals.h"
#include "policies/run/budget_in_force.h"
#include "policies/run/command_check.h"
#include "policies/run/mode_in_force.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A policy after which this many commands end without an execution among them, although a request
// is waiting, never finishes. Four commands bring a block in, so whole models fit in between.
constexpr std::int64_t kMostIdle = 1'000'000;

// The observer, once per interest; null for what it does not listen to.
struct Listeners {
    explicit Listeners(Observer* observer) {
        if (observer == nullptr) return;
        const Interests wanted = observer->interests();
        if (wanted.spans) spans = observer;
        if (wanted.decisions) decisions = observer;
        if (wanted.timeline) timeline = observer;
    }
    Observer* spans = nullptr;
    Observer* decisions = nullptr;
    Observer* timeline = nullptr;
};

// One run. The loop is the same for every device; only the device behind it changes.
class Run final : public Moves {
  public:
    Run(const RunRequest& request, const DeviceSetup& setup, Scheduler& scheduler,
        const std::string& policy)
        : request_(request),
          policy_(policy),
          scheduler_(scheduler),
          listeners_(request.observer),
          device_(request.device(setup)),
          memory_(device_->memory()),
          check_(setup, request.workload, policy),
          metrics_(setup, request.workload, device_->begins_at_once(), listeners_.timeline),
          arrivals_(request.workload),
          budget_(setup, request.workload, *device_),
          mode_(setup, request.workload, *device_, metrics_),
          told_ended_(request.workload.jobs.size(), 0) {
        for (const auto& blocks : setup.facts)
            most_idle_ += 8 * static_cast<std::int64_t>(blocks.size());
    }

    void go(RunResult& result);

    Ticket submit(const Command& command) override;
    bool cancel(Ticket ticket) override;

  private:
    bool finished() const {
        return metrics_.requests_done() == arrivals_.arrived() && !arrivals_.more();
    }
    // What is asked for, or, where that is only known afterwards, has come.
    std::int64_t requests() const;
    bool advance();
    void note(const Completion& span);
    void forget_given_up(const Action& execution);
    void end_requests(JobId job);
    void end_instant();
    Time next_instant() const;
    void take_arrivals();
    bool has_room(JobId job) const;
    void take_expired();
    void give_up_expired();
    std::optional<Bytes> take_budget();
    const std::string* take_mode();
    void decide(std::optional<Bytes> new_budget, const std::string* new_mode);
    [[noreturn]] void blame_idling() const;
    [[noreturn]] void blame_breach(const Breach& breach) const;
    void report_stuck(RunResult& result) const;
    std::string describe_stuck() const;

    const RunRequest& request_;
    const std::string& policy_;
    Scheduler& scheduler_;
    Listeners listeners_;
    std::unique_ptr<Device> device_;
    const MemoryReport& memory_;
    CommandCheck check_;
    Metrics metrics_;
    Arrivals arrivals_;
    BudgetInForce budget_;
    ModeInForce mode_;

    // What happened since the last decision.
    Time now_ = kStart;
    std::vector<Completion> completions_;
    std::vector<Arrival> arrived_;
    std::vector<RequestRef> expired_;
    // Of this decision, kept for an observer only.
    std::vector<Command> commands_;
    std::vector<Cancellation> cancellations_;
    MemoryReport seen_;
    Ticket next_ticket_;
    IdVector<JobId, std::int64_t> told_ended_;  // requests of all but listed jobs
    // Deadlines of requests that have arrived, where they are given up then.
    std::multimap<Time, RequestRef> deadlines_;
    std::int64_t idle_ = 0;  // commands ended since the last execution
    std::int64_t most_idle_ = kMostIdle;
};

void Run::go(RunResult& result) {
    while (true) {
        end_instant();
        if (finished()) break;
        const bool more = advance();
        if (request_.stopped() && !finished()) {
            result.verdict = Verdict::interrupted;
            break;
        }
        if (!more) {
            report_stuck(result);
            break;
        }
    }
    // What is left (releases) ends too, so that spans and checks are complete; nobody decides on
    // it. Nobody waits for it where the run was interrupted.
    if (result.verdict != Verdict::interrupted)
        while (const Completion* span = device_->wait(Time::max())) note(*span);
    if (memory_.breach) blame_breach(*memory_.breach);
    result.memory = memory_;
    result.evidence = device_->evidence();
    metrics_.report(result);
}

// When the device is not alone in what happens next.
Time Run::next_instant() const {
    const Time deadline = deadlines_.empty() ? Time::max() : deadlines_.begin()->first;
    return std::min({arrivals_.next(), budget_.next_change(), mode_.next_change(), deadline});
}

// Goes on to the next instant at which something happens and takes all its completions; false if
// nothing ever will.
bool Run::advance() {
    const Time next = next_instant();
    const Completion* span = device_->wait(next);
    now_ = device_->now();
    if (span == nullptr) return next != Time::max();
    while (span != nullptr) {
        note(*span);
        completions_.push_back(*span);
        span = device_->wait(now_);
    }
    return true;
}

void Run::note(const Completion& span) {
    ++idle_;
    const Verb verb = span.command.verb;
    if (takes_time(verb)) budget_.on_end(span.ticket);
    if (swaps_in(verb)) {
        check_.on_step(span);
        metrics_.on_step(span);
    } else if (uses(verb)) {
        check_.on_use(span);
        metrics_.on_use(span);
        idle_ = 0;
        forget_given_up(span.command);
        end_requests(span.command.job);
    } else if (swaps_out(verb)) {
        check_.on_release(span);
        metrics_.on_release(span);
        end_requests(span.command.job);
    } else {
        metrics_.on_alarm(span);
    }
    if (listeners_.spans != nullptr) listeners_.spans->on_span(span);
}

// A cold job's next request arrives once this one has ended and everything is released; of a long
// stream more are told of; a closed job's client begins to think when its request has ended.
void Run::end_requests(JobId job) {
    const ArrivalMode mode = request_.workload.jobs[job].mode;
    const bool cold = mode == ArrivalMode::cold, streams = mode == ArrivalMode::stream;
    if (!cold && !streams && mode != ArrivalMode::closed) return;
    if (cold && (check_.resident_blocks(job) != 0 || !check_.at_rest(job))) return;
    while (told_ended_[job] < metrics_.requests_done(job)) {
        ++told_ended_[job];
        if (streams)
            arrivals_.end_streamed_request(job);
        else if (cold)
            arrivals_.end_cold_request(job, device_->now());
        else
            arrivals_.end_closed_request(job, device_->now());
    }
}

std::int64_t Run::requests() const {
    std::int64_t sum = 0;
    for (const Job& job : request_.workload.jobs) {
        if (job.until) return arrivals_.arrived();
        sum += job.requests;
    }
    return sum;
}

void Run::end_instant() {
    if (memory_.breach) [[unlikely]]
        blame_breach(*memory_.breach);
    if (idle_ > most_idle_) [[unlikely]]
        blame_idling();
    const std::optional<Bytes> new_budget = take_budget();
    const std::string* const new_mode = take_mode();
    take_arrivals();
    take_expired();
    decide(new_budget, new_mode);
    if (new_budget) budget_.begin_grace(check_.outstanding(), next_ticket_);
    if (!expired_.empty()) give_up_expired();
    completions_.clear();
    arrived_.clear();
}

void Run::take_arrivals() {
    arrivals_.take(now_, arrived_);
    if (!arrived_.empty()) idle_ = 0;
    std::erase_if(arrived_, [this](const Arrival& arrival) {
        check_.on_arrival(arrival);
        if (!has_room(arrival.job)) {
            check_.on_drop(arrival.job, arrival.request);
            metrics_.on_drop(arrival.job);
            end_requests(arrival.job);
            return true;
        }
        metrics_.on_arrival(arrival);
        if (listeners_.timeline != nullptr) listeners_.timeline->on_arrival(arrival);
        if (request_.workload.overrun.aborts && arrival.deadline)
            deadlines_.emplace(*arrival.deadline, RequestRef{arrival.job, arrival.request});
        return false;
    });
}

// For one more request of the job: besides the one that came first so many may wait.
bool Run::has_room(JobId job) const {
    const auto& most = request_.workload.overrun.most_waiting;
    return !most || std::ssize(metrics_.requests_there(job)) <= *most;
}

void Run::take_expired() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        const RequestRef due = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        if (!std::ranges::binary_search(metrics_.requests_there(due.job), due.request)) continue;
        expired_.push_back(due);
        check_.on_expiry(due.job, due.request);
    }
}

// Those of which something is left to execute; of the others all has started.
void Run::give_up_expired() {
    for (const auto& [job, request] : expired_) {
        if (!check_.end_expiry(job, request)) continue;
        const bool executes = check_.executes(job, request);
        metrics_.on_abort(job, request, executes);
        if (listeners_.timeline != nullptr) listeners_.timeline->on_abort(job, request, now_);
        if (!executes) device_->forget(job);
        end_requests(job);
    }
    expired_.clear();
}

// At the end of what executed when its request was given up.
void Run::forget_given_up(const Action& execution) {
    if (!request_.workload.overrun.aborts) return;
    if (check_.is_gone(execution.job, execution.request)) device_->forget(execution.job);
}

// The budget from now on, where it has changed.
std::optional<Bytes> Run::take_budget() {
    const std::optional<Bytes> changed = budget_.take(now_);
    if (memory_.breach) [[unlikely]]
        blame_breach(*memory_.breach);
    if (!changed) return std::nullopt;
    idle_ = 0;
    if (listeners_.timeline != nullptr) listeners_.timeline->on_budget(now_, *changed);
    return changed;
}

// The mode from now on, where it has changed.
const std::string* Run::take_mode() {
    const std::string* const changed = mode_.take(now_);
    if (changed != nullptr && listeners_.timeline != nullptr)
        listeners_.timeline->on_mode(now_, *changed);
    return changed;
}

void Run::decide(std::optional<Bytes> new_budget, const std::string* new_mode) {
    const Ticket first = next_ticket_;
    // What is recorded is what was seen, even where a device goes on meanwhile.
    const bool recorded = listeners_.decisions != nullptr;
    if (recorded) seen_ = memory_;
    const View view{.now = now_,
                    .arrivals = arrived_,
                    .completions = completions_,
                    .memory = recorded ? seen_ : memory_,
                    .budget = new_budget,
                    .mode = new_mode,
                    .expired = expired_};
    scheduler_.decide(view, *this);
    if (!recorded) return;
    listeners_.decisions->on_decision({view.now, arrived_, completions_, seen_, view.budget,
                                       commands_, first, cancellations_, view.mode, expired_});
    commands_.clear();
    cancellations_.clear();
}

bool Run::cancel(Ticket ticket) {
    std::optional<Action> cancelled;
    if (ticket < next_ticket_) cancelled = device_->cancel(ticket);
    if (cancelled) {
        budget_.on_end(ticket);
        check_.on_cancel(*cancelled);
        metrics_.on_cancel(ticket);
    }
    if (listeners_.decisions != nullptr)
        cancellations_.push_back({ticket, cancelled.has_value(), commands_.size()});
    return cancelled.has_value();
}

Ticket Run::submit(const Command& command) {
    check_.on_submit(command, next_ticket_, now_);
    const Ticket ticket = device_->submit(command);
    SWAPLAB_CHECK(ticket == next_ticket_, "the device gave ticket {}, expected {}", ticket.index,
                  next_ticket_.index);
    ++next_ticket_.index;
    metrics_.on_submit(command, now_);
    if (listeners_.decisions != nullptr) commands_.push_back(command);
    return ticket;
}

void Run::blame_breach(const Breach& breach) const {
    throw PolicyError(
        text("policy {}: breaks the budget: at {} ns {} bytes are in use, the "
             "budget is {}",
             policy_, count_ns(breach.at), breach.in_use.count, breach.budget.count));
}

void Run::blame_idling() const {
    throw PolicyError(
        text("policy {}: never finishes: {} commands have ended since the last "
             "execution, at {} ns, with {} of {} requests ended",
             policy_, idle_, count_ns(now_), metrics_.requests_ended(), requests()));
}

void Run::report_stuck(RunResult& result) const {
    result.verdict = Verdict::stuck;
    result.reason = describe_stuck();
    const std::optional<Bytes> minimum = budget_.out_of_reach();
    if (!minimum) return;
    result.verdict = Verdict::infeasible_from;
    result.minimum_budget = *minimum;
    result.infeasible_from = BudgetChange{budget_.since(), budget_.now()};
    result.reason = text(
        "from {} ns on the budget is {} bytes and does not rise again; the smallest with "
        "which policy {} has a plan is {}; {} of {} requests have ended",
        count_ns(budget_.since()), budget_.now().count, policy_, minimum->count,
        metrics_.requests_ended(), requests());
}

std::string Run::describe_stuck() const {
    std::string lines =
        text("at {} ns nothing runs and nothing can start, with {} of {} requests ended",
             count_ns(device_->now()), metrics_.requests_ended(), requests());
    const std::vector<Waiting> waiting = device_->waiting();
    if (waiting.empty()) return lines + text("; policy {} has submitted nothing more", policy_);
    for (const Waiting& w : waiting)
        lines += text("\n  ticket {}: {} of block {} of {}, request {}, waits for {}",
                      w.ticket.index, name_of(w.command.verb), w.command.block.index,
                      request_.workload.jobs[w.command.job].model->name(), w.command.request.index,
                      w.reason);
    return lines;
}

}  // namespace

void run_loop(const RunRequest& request, const DeviceSetup& setup, Scheduler& scheduler,
              const std::string& policy, RunResult& result) {
    try {
        Run(request, setup, scheduler, policy).go(result);
    } catch (const RuleViolation& violation) {
        throw RefusedByDevice(text("policy {}: {}", policy, violation.what()));
    }
}

}  // namespace swaplab
