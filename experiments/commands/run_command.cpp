#include <memory>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/output_file.h"
#include "experiments/cli/progress.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/common.h"
#include "experiments/emulation.h"
#include "experiments/frozen_reference.h"
#include "experiments/observer_fan.h"
#include "experiments/outputs_check.h"
#include "experiments/pace_check.h"
#include "experiments/report/decision_log.h"
#include "experiments/report/result_json.h"
#include "experiments/report/run_report.h"
#include "experiments/trace/trace_file.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Shows how many requests are under way.
class RequestProgress : public Observer {
  public:
    RequestProgress(const Console& console, const Scenario& scenario)
        : progress_(console),
          what_(is_real_time(scenario.backend) ? "running: request" : "simulating: request"),
          requests_(scenario.requests_asked()),
          calls_between_looks_(is_real_time(scenario.backend) ? 1 : 4096) {}

    Interests interests() const override { return {false, progress_.wanted(), false}; }
    bool wanted() const { return progress_.wanted(); }

    void on_decision(const Decision& decision) override {
        if (++calls_ % calls_between_looks_ != 0 || decision.completions.empty()) return;
        const auto request =
            static_cast<std::int64_t>(decision.completions.back().command.request.index);
        progress_.update(what_, request + 1, requests_);
    }

  private:
    Progress progress_;
    std::string what_;
    std::int64_t requests_;
    std::uint32_t calls_between_looks_;
    std::uint32_t calls_ = 0;
};

std::unique_ptr<TraceFile> trace_of(const Options& options, const Scenario& scenario,
                                    const Policy& policy, std::optional<Bytes> budget) {
    const TimelineBounds window = parse_trace_window(options.trace_window);
    if (options.trace.empty()) {
        if (!options.trace_window.empty())
            throw InputError("--trace-window: expected --trace FILE beside it, found none");
        return nullptr;
    }
    const std::string title =
        text("{} on {}: {}", scenario.models_text(), scenario.device_text(), policy.spec);
    const std::string subtitle =
        text("{}, {} request{} per model, {}, {}",
             budget ? "budget " + format_bytes(*budget) : "no budget", scenario.requests,
             scenario.requests == 1 ? "" : "s", scenario.arrival_text(), kind_of(scenario.backend));
    return std::make_unique<TraceFile>(options.trace, window, title, subtitle);
}

// No output may take the place of another or of an input.
void require_distinct_files(const Options& options, const Scenario& scenario) {
    std::vector<std::pair<std::string, std::string>> files{{"--trace", options.trace},
                                                           {"--decisions", options.decisions}};
    require_distinct(files);
    std::vector<std::string> inputs{options.arrivals, options.budget_trace, options.mode_trace};
    for (const ModelChoice& choice : scenario.models)
        if (!choice.builtin) inputs.push_back(choice.spec.substr(0, choice.spec.find(':')));
    inputs.push_back(options.device.substr(0, options.device.find(':')));
    for (const auto& output : files)
        for (const std::string& input : inputs) require_distinct({{"an input", input}, output});
}

RunResult simulate(const Options& options, const Console& console, const Scenario& scenario,
                   const Policy& policy, std::optional<Bytes> budget) {
    require_distinct_files(options, scenario);
    std::unique_ptr<OutputFile> file;
    std::unique_ptr<DecisionLog> log;
    if (!options.decisions.empty()) {
        file = std::make_unique<OutputFile>(options.decisions);
        log = std::make_unique<DecisionLog>(file->stream(), scenario, policy.spec);
    }
    const std::unique_ptr<TraceFile> trace = trace_of(options, scenario, policy, budget);
    RequestProgress progress(console, scenario);
    ObserverFan observers;
    observers.add(log.get());
    if (trace) observers.add(&trace->add_run());
    if (progress.wanted()) observers.add(&progress);
    RunResult result = run(request_of(scenario, budget, observers.get()), policy);
    if (result.verdict == Verdict::infeasible) return result;  // nothing happened that files show
    if (file) file->commit();
    if (trace) trace->commit(console);
    return result;
}

// Where reads did not reach the storage, though nobody asked for the page cache.
std::optional<std::string> unread_bytes(const Options& options, const RunResult& result) {
    constexpr double nearly_all = 0.99;
    if (options.page_cache || !result.evidence || !result.evidence->read_from_storage)
        return std::nullopt;
    const Bytes read = *result.evidence->read_from_storage;
    if (static_cast<double>(read.count) >=
        nearly_all * static_cast<double>(result.swapped_in.count))
        return std::nullopt;
    return text(
        "{} were swapped in and {} came from storage: the pack lies in memory, or in the "
        "page cache ({})",
        format_bytes(result.swapped_in), format_bytes(read),
        result.evidence->conditions.at("storage"));
}

}  // namespace

int run_command(const Options& options, const Console& console) {
    Scenario scenario = resolve_scenario(options);
    require_frozen(options, scenario.backend);
    require_emulated(options, scenario.backend);
    const Policy policy = resolve_policy(options, scenario);
    const std::optional<Bytes> budget = resolve_budget(options, scenario, policy);
    note_missing_noise(console, scenario);
    note_large_budget(console, scenario, budget);
    if (!options.budgets.empty() && !policy.needs_budget)
        console.note(text("policy {} takes no budget; -b has no effect", policy.spec));
    prepare_emulation(scenario, options, console);
    const RunResult result = simulate(options, console, scenario, policy, budget);
    note_large_peak(console, scenario, result);
    note_extrapolation(console, scenario, result);
    std::optional<FrozenReference> frozen;
    if (options.frozen && result.latency.count > 0 && !scenario.stopped())
        frozen = frozen_reference(options, scenario, result);
    if (options.json) {
        JsonWriter json;
        write_result(json, result, Certificate(scenario), frozen);
        console.out << json.str() << '\n';
    } else {
        console.out << run_report(result, scenario, frozen);
    }
    if (const auto wrong = wrong_outputs(scenario, result)) {
        console.err << "swaplab: " << *wrong << '\n';
        return exit_failed;
    }
    if (const auto missing = unread_bytes(options, result)) console.note(*missing);
    if (const auto late = late_reference(result, scenario.lateness))
        console.note(text("direct, which the latency is compared with, was {}", *late));
    const auto pace = judge_pace(result, scenario.lateness);
    if (pace && !pace->valid() && !scenario.stopped()) {
        console.err << text("swaplab: the run is invalid: {}; {}\n", pace->problem, pace->advice());
        return exit_failed;
    }
    return scenario.stopped() ? exit_interrupted : exit_code_of(result.verdict);
}

}  // namespace swaplab
