// Runs policies and schedulers on the simulated device and keeps all that was observed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/run/runner.h"

namespace swaplab::testing {

// A decision that outlives the call.
struct RecordedDecision {
    Time at{};
    std::vector<Arrival> arrivals;
    std::vector<Completion> completions;
    Bytes memory_in_use;
    std::vector<Command> commands;
    Ticket first_ticket;
    std::vector<Cancellation> cancellations = {};
};

class SpanRecorder : public Observer {
  public:
    void on_span(const Completion& span) override { spans.push_back(span); }
    void on_decision(const Decision& decision) override;

    // The spans in order of submission; wake-ups included.
    std::vector<Completion> by_ticket() const;
    // All that was submitted, by ticket.
    std::vector<Command> commands() const;
    // "1200 read 0/0/3 10..20", one line per span and one per command: what determinism compares.
    std::string log() const;

    // How many commands were taken back.
    std::size_t taken_back() const;
    // As if what was taken back had never been submitted: tickets are consecutive again. Nothing
    // that ended may have waited for it.
    SpanRecorder of_what_ended() const;

    std::vector<Completion> spans;
    std::vector<RecordedDecision> decisions;
};

struct Options {
    std::optional<Bytes> budget;
    Account account = Account::all;
    ArrivalMode mode = ArrivalMode::cold;
    std::int64_t requests = 1;
    std::optional<SwapPath> path;
    std::optional<NoiseKey> noise{};
    std::int64_t replications = 1;
    std::string dispatch = "fcfs";
    bool rehearse = false;  // plans, on the simulated device
};

Workload workload_of(const std::vector<ModelPtr>& models, const Options& options);

struct Simulation {
    RunResult result;
    SpanRecorder record;
};

// `spec` as on the command line: "demand-layering:pipeline=async".
Simulation simulate(const Platform& platform, const Workload& workload, std::string_view spec,
                    const Options& options = {});
Simulation simulate(const Platform& platform, const ModelPtr& model, std::string_view spec,
                    const Options& options = {});
Simulation simulate(const Platform& platform, const Workload& workload,
                    const Deployment& deployment, Scheduler& scheduler, const Options& options = {},
                    const std::string& name = "test-policy");

// What the policy plans.
PlanOutcome plan_of(const Platform& platform, const Workload& workload, std::string_view spec,
                    const Options& options);
PlanOutcome plan_of(const Platform& platform, const ModelPtr& model, std::string_view spec,
                    const Options& options = {});
std::optional<Bytes> minimum_of(const Platform& platform, const ModelPtr& model,
                                std::string_view spec, const Options& options = {});

}  // namespace swaplab::testing
