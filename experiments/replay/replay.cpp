#include "experiments/replay/replay.h"

#include "experiments/replay/decision_log.h"
#include "experiments/replay/observation_check.h"
#include "experiments/replay/recorded_log.h"
#include "experiments/request/backends.h"
#include "policies/registry.h"
#include "policies/run/planning.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

void require_hash(std::string_view what, const std::string& spec, const std::string& recorded,
                  const std::string& hash) {
    if (hash == recorded) return;
    throw InputError(
        text("{} '{}' has changed since the log was written: its hash is {}, expected "
             "{}",
             what, spec, hash, recorded));
}

std::string describe_move(const RecordedMove& move) {
    if (!move.command) return text("cancels ticket {}", move.ticket.index);
    std::string what = text("ticket {}: {}", move.ticket.index, describe(*move.command));
    if (move.command->verb == kWake) what += text(" at {} ns", count_ns(move.command->at));
    std::string after;
    for (const Ticket ticket : move.command->after)
        after += text("{}{}", after.empty() ? " after " : ", ", ticket.index);
    return what + after;
}

bool same_move(const RecordedMove& a, const RecordedMove& b) {
    if (a.ticket != b.ticket || a.command.has_value() != b.command.has_value()) return false;
    if (!a.command) return true;
    return same(*a.command, *b.command) && a.command->lane == b.command->lane &&
           a.command->at == b.command->at &&
           std::equal(a.command->after.begin(), a.command->after.end(), b.command->after.begin(),
                      b.command->after.end());
}

// Compares what the policy asks for with what is recorded. After the first difference it goes on
// handing out tickets, so that the policy can finish its call.
class ComparedMoves final : public Moves {
  public:
    ComparedMoves(const RecordedDecision& recorded, Ticket next)
        : recorded_(recorded.moves), next_(next) {}

    Ticket submit(const Command& command) override {
        compare({next_, command, false});
        return {next_.index++};
    }
    bool cancel(Ticket ticket) override {
        const RecordedMove* recorded = compare({ticket, std::nullopt, false});
        return recorded != nullptr && recorded->cancelled;
    }
    // Where the two differ: what is recorded, and what the policy did.
    std::optional<std::pair<std::string, std::string>> difference() const {
        if (difference_ || at_ == recorded_.size()) return difference_;
        return std::pair{describe_move(recorded_[at_]), std::string("asks for nothing more")};
    }

  private:
    const RecordedMove* compare(const RecordedMove& asked) {
        if (difference_) return nullptr;
        const RecordedMove* recorded = at_ < recorded_.size() ? &recorded_[at_] : nullptr;
        if (recorded != nullptr && same_move(*recorded, asked)) {
            ++at_;
            return recorded;
        }
        difference_.emplace(recorded == nullptr ? "nothing more" : describe_move(*recorded),
                            describe_move(asked));
        return nullptr;
    }

    const std::vector<RecordedMove>& recorded_;
    Ticket next_;
    std::size_t at_ = 0;
    std::optional<std::pair<std::string, std::string>> difference_;
};

// Everything that the plan and the scheduler of the recorded run are made from, made again.
class Rebuilt {
  public:
    explicit Rebuilt(const RecordedOrigin& origin)
        : origin_(origin),
          policy_(
              make_policy(origin.policy, origin.swap_path, staging_of(origin.device.platform))) {
        for (const auto& [choice, hash] : origin.models) {
            require_hash("model", choice.spec, hash, model_hash(*choice.model));
            Job& job = workload_.jobs.emplace_back();
            job.model = choice.model;
            job.weight = choice.weight;
        }
        require_hash("device", origin.device.spec, origin.device_hash,
                     device_hash(origin.device.platform));
        // Only whether the budget may change matters to a plan; when it does is in the log.
        if (origin.budget_may_change)
            workload_.budget_changes.push_back({kStart, origin.budget.value_or(Bytes{1})});
    }

    // That the device may change to: its own, and those it names.
    std::vector<std::string> modes() const {
        std::vector<std::string> names{""};
        for (const Mode& mode : origin_.device.platform.nodes.front().modes)
            names.push_back(mode.name);
        return names;
    }

    // False if there is no plan any more.
    bool plan_again() {
        const RunRequest request{.platform = origin_.device.platform,
                                 .workload = workload_,
                                 .budget = origin_.budget,
                                 .account = origin_.account,
                                 .rehearsal = make_device(simulation())};
        costs_ = cost_models(request);
        PlanOutcome outcome = plan(request, costs_, policy_);
        if (!std::holds_alternative<Deployment>(outcome)) return false;
        deployment_ = std::get<Deployment>(std::move(outcome));
        facts_ = block_facts(costs_, deployment_);
        return true;
    }
    std::string deployment_text() const {
        JsonWriter json(JsonWriter::Style::one_line);
        write_deployment(json, deployment_);
        return json.str();
    }
    std::unique_ptr<Scheduler> scheduler() const {
        return policy_.make_scheduler(
            {deployment_, facts_, weights(workload_), origin_.dispatch, origin_.overrun.aborts});
    }

  private:
    const RecordedOrigin& origin_;
    Policy policy_;
    Workload workload_;
    CostModels costs_;
    Deployment deployment_;
    AllFacts facts_;
};

std::optional<Divergence> check_start(const RecordedLog& log, Rebuilt& rebuilt) {
    if (log.tampering())
        return Divergence{DivergenceKind::digest, 1, "the line as it stands", *log.tampering()};
    const RecordedOrigin& origin = log.origin();
    if (!rebuilt.plan_again())
        return Divergence{DivergenceKind::deployment, 1, origin.deployment, "no plan"};
    if (const std::string found = rebuilt.deployment_text(); found != origin.deployment)
        return Divergence{DivergenceKind::deployment, 1, origin.deployment, found};
    return std::nullopt;
}

// One line: is it as it was written, can it have happened, and does the policy do the same again?
std::optional<Divergence> check_line(const RecordedLog& log, const RecordedDecision& decision,
                                     ObservationCheck& check, Scheduler& scheduler) {
    const auto differs = [&](DivergenceKind kind, std::string recorded, std::string found) {
        return Divergence{kind, log.line(), std::move(recorded), std::move(found)};
    };
    const std::string seen = text("{} at {} ns", decision.event, count_ns(decision.at));
    if (log.tampering()) return differs(DivergenceKind::digest, seen, *log.tampering());
    if (auto wrong = check.observe(decision))
        return differs(DivergenceKind::observation, seen, *wrong);
    ComparedMoves moves(decision, {static_cast<std::uint32_t>(check.commands())});
    scheduler.decide({decision.at, decision.arrivals, decision.completions, decision.memory,
                      decision.budget, decision.mode ? &*decision.mode : nullptr, decision.expired},
                     moves);
    if (auto difference = moves.difference())
        return differs(DivergenceKind::decision, difference->first, difference->second);
    for (const RecordedMove& move : decision.moves)
        if (auto wrong = check.submit(move))
            return differs(DivergenceKind::observation, describe_move(move), *wrong);
    return std::nullopt;
}

// Whether the log is all that was written.
std::optional<Divergence> check_end(RecordedLog& log, const ReplayOutcome& outcome) {
    const auto differs = [&](std::int64_t line, std::string recorded, std::string found) {
        return Divergence{DivergenceKind::end, line, std::move(recorded), std::move(found)};
    };
    if (!log.origin().has_end) return std::nullopt;
    if (!log.end())
        return differs(log.line() + 1, "a line 'end', which says how the run ended",
                       "the log ends early: there is no whole line here");
    const RecordedEnd& end = *log.end();
    const std::string said = text("{} decisions, {} commands", end.decisions, end.commands);
    if (log.tampering())
        return Divergence{DivergenceKind::digest, log.line(), said, *log.tampering()};
    if (end.decisions != outcome.decisions || end.commands != outcome.commands)
        return differs(
            log.line(), said,
            text("{} decisions, {} commands before the end", outcome.decisions, outcome.commands));
    if (log.goes_on()) return differs(log.line(), "nothing behind the end", "one more line");
    return std::nullopt;
}

}  // namespace

std::string_view name_of(DivergenceKind kind) {
    constexpr std::array<std::string_view, 5> names{"digest", "deployment", "observation",
                                                    "decision", "end"};
    return names[static_cast<std::size_t>(kind)];
}

ReplayOutcome replay(const std::string& path) {
    RecordedLog log(path);
    ReplayOutcome outcome;
    outcome.policy = log.origin().policy.spec;
    outcome.digested = log.digested();
    Rebuilt rebuilt(log.origin());
    outcome.divergence = check_start(log, rebuilt);
    if (outcome.divergence) return outcome;
    const std::unique_ptr<Scheduler> scheduler = rebuilt.scheduler();
    const RecordedOrigin& origin = log.origin();
    ObservationCheck check(origin.models.size(), origin.account, !origin.backend->real_time,
                           origin.mode_may_change ? rebuilt.modes() : std::vector<std::string>{},
                           origin.overrun);
    while (const auto decision = log.next()) {
        outcome.divergence = check_line(log, *decision, check, *scheduler);
        if (outcome.divergence) return outcome;
        ++outcome.decisions;
        outcome.commands = check.commands();
    }
    outcome.complete = log.end().has_value();
    if (outcome.complete) outcome.verdict = log.end()->verdict;
    outcome.divergence = check_end(log, outcome);
    return outcome;
}

}  // namespace swaplab
