#include "policies/runner.h"

#include "policies/planning.h"
#include "policies/replications.h"
#include "policies/runtime/arrivals.h"
#include "policies/runtime/command_check.h"
#include "policies/runtime/metrics.h"
#include "profiles/error.h"
#include "profiles/text.h"

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
          memory_changes_(setup.memory_changes),
          check_(setup, request.workload, policy),
          metrics_(setup, request.workload, listeners_.timeline),
          arrivals_(request.workload),
          cold_ended_(request.workload.jobs.size(), 0) {
        for (const Job& job : request.workload.jobs) requests_ += job.requests;
        for (const auto& blocks : setup.facts)
            most_idle_ += 8 * static_cast<std::int64_t>(blocks.size());
    }

    void go(RunResult& result);

    Ticket submit(const Command& command) override;
    bool cancel(Ticket ticket) override;

  private:
    bool finished() const { return metrics_.requests_ended() == requests_; }
    bool advance();
    void note(const Completion& span);
    void tell_memory();
    void end_cold_request(JobId job);
    void end_instant();
    void decide();
    [[noreturn]] void blame_idling() const;
    [[noreturn]] void blame_breach(const Breach& breach) const;
    std::string describe_stuck() const;

    const RunRequest& request_;
    const std::string& policy_;
    Scheduler& scheduler_;
    Listeners listeners_;
    std::unique_ptr<Device> device_;
    const MemoryReport& memory_;
    std::vector<MemoryChange>* memory_changes_;  // null if nobody listens
    CommandCheck check_;
    Metrics metrics_;
    Arrivals arrivals_;
    std::int64_t requests_ = 0;

    // What happened since the last decision.
    Time now_ = kStart;
    std::vector<Completion> completions_;
    std::vector<Arrival> arrived_;
    std::vector<Command> commands_;  // of this decision, kept for an observer only
    Ticket next_ticket_;
    std::vector<std::int64_t> cold_ended_;  // by job: requests whose end was acted on
    std::int64_t idle_ = 0;                 // commands ended since the last execution
    std::int64_t most_idle_ = kMostIdle;
};

void Run::go(RunResult& result) {
    end_instant();
    while (!finished()) {
        if (!advance()) {
            result.verdict = Verdict::stuck;
            result.reason = describe_stuck();
            break;
        }
        end_instant();
    }
    // What is left (releases) ends too, so that spans and checks are complete; nobody decides on
    // it.
    while (const Completion* span = device_->wait(Time::max())) note(*span);
    tell_memory();
    if (memory_.breach) blame_breach(*memory_.breach);
    result.memory = memory_;
    metrics_.report(result);
}

// Goes on to the next instant at which something happens and takes all its completions; false if
// nothing ever will.
bool Run::advance() {
    const std::optional<Time> arrival = arrivals_.next();
    const Completion* span = device_->wait(arrival.value_or(Time::max()));
    now_ = device_->now();
    tell_memory();
    if (span == nullptr) return arrival.has_value();
    while (span != nullptr) {
        note(*span);
        completions_.push_back(*span);
        span = device_->wait(now_);
    }
    return true;
}

void Run::tell_memory() {
    if (memory_changes_ == nullptr || memory_changes_->empty()) return;
    listeners_.timeline->on_memory(*memory_changes_);
    memory_changes_->clear();
}

void Run::note(const Completion& span) {
    ++idle_;
    switch (span.command.verb) {
        case Verb::read:
        case Verb::copy:
        case Verb::assemble:
            check_.on_swap_in(span);
            metrics_.on_swap_in(span);
            break;
        case Verb::execute:
            check_.on_execute(span);
            metrics_.on_execute(span);
            idle_ = 0;
            end_cold_request(span.command.job);
            break;
        case Verb::release:
            check_.on_release(span);
            metrics_.on_release(span);
            end_cold_request(span.command.job);
            break;
        case Verb::wake_at: break;
    }
    if (listeners_.spans != nullptr) listeners_.spans->on_span(span);
}

// A cold job's next request arrives once this one has ended and everything is released.
void Run::end_cold_request(JobId job) {
    if (request_.workload.jobs[job.index].mode != ArrivalMode::cold) return;
    const bool released = check_.resident_blocks(job) == 0;
    if (!released || metrics_.requests_ended(job) == cold_ended_[job.index]) return;
    ++cold_ended_[job.index];
    arrivals_.end_cold_request(job, device_->now());
}

void Run::end_instant() {
    if (memory_.breach) [[unlikely]]
        blame_breach(*memory_.breach);
    if (idle_ > most_idle_) [[unlikely]]
        blame_idling();
    arrivals_.take(now_, arrived_);
    if (!arrived_.empty()) idle_ = 0;
    for (const Arrival& arrival : arrived_) {
        check_.on_arrival(arrival.job);
        metrics_.on_arrival(arrival);
        if (listeners_.timeline != nullptr) listeners_.timeline->on_arrival(arrival);
    }
    decide();
    completions_.clear();
    arrived_.clear();
}

void Run::decide() {
    const Ticket first = next_ticket_;
    const View view{now_, arrived_, completions_, memory_};
    scheduler_.decide(view, *this);
    if (listeners_.decisions == nullptr) return;
    listeners_.decisions->on_decision(
        {view.now, arrived_, completions_, memory_.in_use, commands_, first});
    commands_.clear();
}

bool Run::cancel(Ticket ticket) {
    if (ticket >= next_ticket_) return false;
    const std::optional<Action> cancelled = device_->cancel(ticket);
    if (cancelled) check_.on_cancel(*cancelled);
    return cancelled.has_value();
}

Ticket Run::submit(const Command& command) {
    check_.on_submit(command, next_ticket_, now_);
    const Ticket ticket = device_->submit(command);
    SWAPLAB_CHECK(ticket == next_ticket_, "the device gave ticket {}, expected {}", ticket.index,
                  next_ticket_.index);
    ++next_ticket_.index;
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
             policy_, idle_, count_ns(now_), metrics_.requests_ended(), requests_));
}

std::string Run::describe_stuck() const {
    std::string lines =
        text("at {} ns nothing runs and nothing can start, with {} of {} requests ended",
             count_ns(device_->now()), metrics_.requests_ended(), requests_);
    const std::vector<Waiting> waiting = device_->waiting();
    if (waiting.empty()) return lines + text("; policy {} has submitted nothing more", policy_);
    for (const Waiting& w : waiting)
        lines += text("\n  ticket {}: {} of block {} of {}, request {}, waits for {}",
                      w.ticket.index, name_of(w.command.verb), w.command.block.index,
                      request_.workload.jobs[w.command.job.index].model->name(),
                      w.command.request.index, w.reason);
    return lines;
}

}  // namespace

namespace {

// Every command has a ticket of 32 bits.
void check_length(const Workload& workload, const std::vector<std::vector<BlockFacts>>& facts) {
    constexpr double most = 4e9;
    constexpr double commands_per_block = 6;
    double commands = 0;
    for (std::size_t j = 0; j < facts.size(); ++j)
        commands += static_cast<double>(workload.jobs[j].requests) *
                    static_cast<double>(passes_of(facts[j])) *
                    static_cast<double>(facts[j].size()) * commands_per_block;
    if (commands > most)
        throw InputError(
            text("the run may take {:.3g} commands, expected at most {:.0g}: ask for "
                 "fewer requests",
                 commands, most));
}

// One run with everything but what refers to other runs.
RunResult drive(const RunRequest& request, const std::vector<CostModel>& costs,
                const Deployment& deployment, Scheduler& scheduler, const std::string& name) {
    const std::vector<std::vector<BlockFacts>> facts = block_facts(costs, deployment);
    check_length(request.workload, facts);
    std::vector<MemoryChange> changes;
    const bool timeline = request.observer != nullptr && request.observer->interests().timeline;
    const DeviceSetup setup{
        request.platform, costs,          facts,         deployment,
        request.account,  request.budget, request.noise, timeline ? &changes : nullptr};
    RunResult result;
    result.policy = name;
    result.budget = request.budget;
    for (std::size_t j = 0; j < facts.size(); ++j) {
        JobResult& job = result.jobs.emplace_back();
        job.model = request.workload.jobs[j].model->name();
        job.budget = deployment.jobs[j].budget;
        job.blocks = facts[j];
    }
    if (request.observer != nullptr) request.observer->on_start(setup, request.workload);
    Run(request, setup, scheduler, name).go(result);
    if (request.observer != nullptr) request.observer->on_end();
    const LowerBound bound = lower_bound(request, costs, &deployment);
    result.lower_bound = bound.bound;
    result.lower_bound_of = bound.of;
    result.closed_form = deployment.closed_form;
    return result;
}

// The mean latency of `direct` under the same workload on the same kind of device.
Duration full_memory_latency(RunRequest request, const std::vector<CostModel>& costs) {
    request.budget.reset();
    request.observer = nullptr;
    request.noise.reset();
    const Policy direct = make_policy("direct");
    const auto deployment =
        std::get<Deployment>(direct.planner->plan({request.platform, costs, {}, request.account}));
    const std::vector<std::vector<BlockFacts>> facts = block_facts(costs, deployment);
    const std::unique_ptr<Scheduler> scheduler = direct.make_scheduler({deployment, facts});
    return drive(request, costs, deployment, *scheduler, direct.spec).latency.mean;
}

// Every replication of one plan, put together.
RunResult replicate(RunRequest request, const std::vector<CostModel>& costs,
                    const Deployment& deployment, const Policy& policy) {
    const std::vector<std::vector<BlockFacts>> facts = block_facts(costs, deployment);
    std::vector<RunResult> all;
    for (std::int64_t r = 0; r < (request.noise ? request.replications : 1); ++r) {
        const std::unique_ptr<Scheduler> scheduler = policy.make_scheduler({deployment, facts});
        all.push_back(drive(request, costs, deployment, *scheduler, policy.spec));
        if (request.noise) ++request.noise->replication;
        request.observer = nullptr;
    }
    return pooled(std::move(all));
}

}  // namespace

RunResult run_deployment(const RunRequest& request, const Deployment& deployment,
                         Scheduler& scheduler, const std::string& name) {
    const std::vector<CostModel> costs = cost_models(request);
    RunResult result = drive(request, costs, deployment, scheduler, name);
    result.full_memory_latency = full_memory_latency(request, costs);
    return result;
}

RunResult run(const RunRequest& request, const Policy& policy) {
    const PlanOutcome outcome = plan(request, policy);
    if (const auto* refusal = std::get_if<Infeasible>(&outcome)) {
        RunResult result;
        result.verdict = Verdict::infeasible;
        result.policy = policy.spec;
        result.budget = request.budget;
        result.minimum_budget = refusal->minimum_budget;
        result.reason = refusal->reason;
        result.layers = refusal->layers;
        const std::vector<CostModel> costs = cost_models(request);
        const LowerBound bound = lower_bound(request, costs, nullptr);
        result.lower_bound = bound.bound;
        result.lower_bound_of = bound.of;
        result.full_memory_latency = full_memory_latency(request, costs);
        return result;
    }
    const auto& deployment = std::get<Deployment>(outcome);
    const std::vector<CostModel> costs = cost_models(request);
    // A policy without a budget is the reference; it is not held to one.
    RunRequest held = request;
    if (!policy.needs_budget) held.budget.reset();
    RunResult result = replicate(held, costs, deployment, policy);
    result.full_memory_latency = full_memory_latency(request, costs);
    return result;
}

}  // namespace swaplab
