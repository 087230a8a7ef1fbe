#include <memory>

#include "experiments/cli/output_file.h"
#include "experiments/cli/progress.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/common.h"
#include "experiments/report/decision_log.h"
#include "experiments/report/result_json.h"
#include "experiments/report/run_report.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

// Shows how many requests are under way, and passes everything on to the decision log.
class RunObserver : public Observer {
  public:
    RunObserver(const Console& console, std::int64_t requests, Observer* log)
        : progress_(console), requests_(requests), log_(log) {}

    bool needed() const { return log_ != nullptr || progress_.wanted(); }

    void on_decision(const Decision& decision) override {
        if (log_ != nullptr) log_->on_decision(decision);
        constexpr std::uint32_t calls_between_looks = 4096;
        if (++calls_ % calls_between_looks != 0 || decision.completions.empty()) return;
        const auto request =
            static_cast<std::int64_t>(decision.completions.back().command.request.index);
        progress_.update("simulating: request", request + 1, requests_);
    }

  private:
    Progress progress_;
    std::int64_t requests_;
    Observer* log_;
    std::uint32_t calls_ = 0;
};

RunResult simulate(const Options& options, const Console& console, const Scenario& scenario,
                   const Policy& policy, std::optional<Bytes> budget) {
    std::unique_ptr<OutputFile> file;
    std::unique_ptr<DecisionLog> log;
    if (!options.decisions.empty()) {
        file = std::make_unique<OutputFile>(options.decisions);
        log = std::make_unique<DecisionLog>(file->stream());
    }
    RunObserver observer(console, scenario.requests, log.get());
    RunResult result =
        run(request_of(scenario, budget, observer.needed() ? &observer : nullptr), policy);
    if (file) file->commit();
    return result;
}

}  // namespace

int run_command(const Options& options, const Console& console) {
    const Scenario scenario = resolve_scenario(options);
    const Policy policy = resolve_policy(options, scenario);
    const std::optional<Bytes> budget = resolve_budget(options, scenario, policy);
    note_large_budget(console, scenario, budget);
    if (!options.budgets.empty() && !policy.needs_budget)
        console.note(text("policy {} takes no budget; -b has no effect", policy.spec));
    const RunResult result = simulate(options, console, scenario, policy, budget);
    note_large_peak(console, scenario, result);
    note_extrapolation(console, scenario, result);
    if (options.json) {
        JsonWriter json;
        write_result(json, result, Certificate(scenario));
        console.out << json.str() << '\n';
    } else {
        console.out << run_report(result, scenario);
    }
    return exit_code_of(result.verdict);
}

}  // namespace swaplab
