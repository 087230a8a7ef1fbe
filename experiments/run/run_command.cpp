#include <algorithm>
#include <memory>

#include "experiments/emulate/emulation.h"
#include "experiments/emulate/pace_check.h"
#include "experiments/explain/requests_file.h"
#include "experiments/output/output_file.h"
#include "experiments/replay/decision_log.h"
#include "experiments/request/cells.h"
#include "experiments/run/frozen_reference.h"
#include "experiments/run/notes.h"
#include "experiments/run/observer_fan.h"
#include "experiments/run/outputs_check.h"
#include "experiments/run/result_json.h"
#include "experiments/run/run_report.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/scenario_flags.h"
#include "experiments/text/figures.h"
#include "experiments/trace/trace_file.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    Experiment asked;
    BackendSetup hardware;
    EmulationOptions emulation;
    bool frozen = false;
    ResultSchema schema = ResultSchema::second;
    std::string trace, decisions, requests_out;  // files to write; empty: none
    bool clean = false;
    TimelineBounds window;
    bool with_window = false;
    std::optional<std::int64_t> missed_window;  // instead
};

// Shows how many requests are under way.
class RequestProgress : public Observer {
  public:
    RequestProgress(const Console& console, const Scenario& scenario)
        : progress_(console),
          what_(scenario.backend->real_time ? "running: request" : "simulating: request"),
          requests_(scenario.requests_asked().value_or(0)),
          calls_between_looks_(scenario.backend->real_time ? 1 : 4096) {}

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

// Missed deadlines that the report says why of.
constexpr std::size_t kMostExplained = 3;

// The files that show what happened, opened before it does.
class Records {
  public:
    Records(const Options& options, const Scenario& scenario, const Cell& cell) {
        const std::string& policy = cell.system->choice.spec;
        if (!options.decisions.empty()) {
            file_ = std::make_unique<OutputFile>(options.decisions);
            log_ = std::make_unique<DecisionLog>(file_->stream(), scenario, policy);
        }
        if (!options.trace.empty())
            trace_ = std::make_unique<TraceFile>(
                options.trace, options.window,
                text("{} on {}: {}", scenario.models_text(), scenario.device_text(), policy),
                subtitle_of(scenario, cell.bytes));
        missed_window_ = options.missed_window;
        if (!options.requests_out.empty())
            requests_ = std::make_unique<RequestsFile>(options.requests_out, scenario, policy);
        if (requests_ || has_deadlines(scenario))
            accounts_ = std::make_unique<RequestAccounts>(
                [this](const RequestAccount& account) { take(account); });
    }

    void listen_to(ObserverFan& observers) {
        observers.add(log_.get());
        if (trace_ && missed_window_)
            observers.add(&trace_->add_run_around_miss(*missed_window_));
        else if (trace_)
            observers.add(&trace_->add_run());
        observers.add(accounts_.get());
    }
    void commit(const Console& console, const RunResult& result) {
        if (log_) log_->finish(name_of(result.verdict));
        if (file_) file_->commit();
        if (trace_) trace_->commit(console);
        if (requests_) requests_->commit();
    }
    const std::vector<RequestAccount>& misses() const { return misses_; }

  private:
    static std::string subtitle_of(const Scenario& scenario, std::optional<Bytes> budget) {
        const bool per_model = scenario.requests_asked() == scenario.requests;
        return text("{}, {}{}, {}, {}", budget ? "budget " + format_bytes(*budget) : "no budget",
                    scenario.requests_text(), per_model ? " per model" : "",
                    scenario.arrival_text(), scenario.backend->kind);
    }

    static bool has_deadlines(const Scenario& scenario) {
        return std::ranges::any_of(scenario.workload.jobs, [](const Job& job) {
            return job.deadline || !job.deadlines.empty();
        });
    }
    void take(const RequestAccount& account) {
        if (requests_) requests_->add(account);
        if (account.missed && misses_.size() < kMostExplained) misses_.push_back(account);
    }

    std::unique_ptr<OutputFile> file_;
    std::unique_ptr<DecisionLog> log_;
    std::unique_ptr<TraceFile> trace_;
    std::optional<std::int64_t> missed_window_;
    std::unique_ptr<RequestsFile> requests_;
    std::unique_ptr<RequestAccounts> accounts_;
    std::vector<RequestAccount> misses_;  // the first of them
};

RunResult run_recorded(Records& records, const Console& console, const Scenario& scenario,
                       const Testbed& testbed, const Cell& cell) {
    RequestProgress progress(console, scenario);
    ObserverFan observers;
    records.listen_to(observers);
    if (progress.wanted()) observers.add(&progress);
    RunResult result =
        run(request_of(scenario, testbed, cell.bytes, observers.get()), *cell.system->policy);
    // Of an infeasible plan nothing happened that files could show.
    if (result.verdict != Verdict::infeasible) records.commit(console, result);
    return result;
}

// What share of reads the page cache served, where it was asked for.
std::string cached_share(Bytes swapped_in, Bytes read) {
    const double share = swapped_in.count == 0
                             ? 0
                             : std::max(0.0, 1 - static_cast<double>(read.count) /
                                                     static_cast<double>(swapped_in.count));
    return text("{} were swapped in and {} came from storage: {} from the page cache",
                format_bytes(swapped_in), format_bytes(read), percent(share));
}

// Where reads did not reach the storage, though nobody asked for the page cache.
std::optional<std::string> unread_bytes(const Options& options, const RunResult& result) {
    constexpr double nearly_all = 0.99;
    if (!result.evidence || !result.evidence->read_from_storage) return std::nullopt;
    const Bytes read = *result.evidence->read_from_storage;
    if (options.emulation.page_cache) return cached_share(result.swapped_in, read);
    if (static_cast<double>(read.count) >=
        nearly_all * static_cast<double>(result.swapped_in.count))
        return std::nullopt;
    return text(
        "{} were swapped in and {} came from storage: the pack lies in memory, or in the "
        "page cache ({})",
        format_bytes(result.swapped_in), format_bytes(read),
        result.evidence->conditions.at("storage"));
}

// The exit code, and what there is to say about it.
int judge(const Options& options, const Console& console, const Scenario& scenario,
          const Testbed& testbed, const RunResult& result) {
    if (const auto wrong = wrong_outputs(scenario, result)) {
        console.err << "swaplab: " << *wrong << '\n';
        return exit_failed;
    }
    if (const auto missing = unread_bytes(options, result)) console.note(*missing);
    if (const auto late = late_reference(result, scenario.lateness))
        console.note(text("direct, which the latency is compared with, was {}", *late));
    const auto pace = judge_pace(result, scenario.lateness);
    if (pace && !pace->valid() && !testbed.stopped()) {
        console.err << text("swaplab: the run is invalid: {}; {}\n", pace->problem, pace->advice());
        return exit_failed;
    }
    return testbed.stopped() ? exit_interrupted : exit_code_of(result.verdict);
}

constexpr CommandText kText{
    "run", "one configuration, simulated or real: latency, memory, stalls",
    "-m MODEL... -d DEVICE -p POLICY -b BUDGET",
    "A budget that is too small ends with exit code 3 and names the smallest that would do. With "
    "--backend emu the device is emulated in real time: real reads, real memory, the device's "
    "pace "
    "and rules; a model that is no pack gets one of its sizes. Ctrl-C ends such a run, and one on "
    "cpu, with what was measured until then (exit code 130); twice, at once.",
    "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
    "swaplab run -m resnet101 -d jetson-xavier-nx -p demand-layering -b min --json\n"
    "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x --trace t.svg\n"
    "swaplab run -m resnet101 -m yolov3 -d jetson-orin-nano -p on-demand -b 250MiB\n"
    "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x --backend emu\n"
    "swaplab run -m vgg19/ -d here.json -p swapnet -b 0.5x --backend cpu --frozen"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup output = FlagGroup::output;
    declare_one_policy(flags, options.asked);
    declare_scenario(flags, options.asked);
    declare_backend(flags, options.asked);
    declare_workload(flags, options.asked);
    declare_hardware(flags, options.hardware);
    declare_emulation(flags, options.emulation);
    declare_frozen(flags, options.frozen);
    declare_verify(flags, options.hardware);
    flags.once(output, "--trace", "FILE",
               "the timeline: .pftrace (open it with ui.perfetto.dev; at most 4 million slices), "
               ".json (Chrome trace events; 1 million) or .svg (a drawing; 20 thousand)",
               into(options.trace));
    flags.once(output, "--trace-window", "FROM..TO",
               "the part of the timeline to write: 10ms..50ms, ..50ms, 10ms.., or miss:N, what "
               "happened around the Nth missed deadline",
               [&options](const std::string& given) {
                   options.missed_window = parse_missed_window(given);
                   if (!options.missed_window) options.window = parse_trace_window(given);
                   options.with_window = !given.empty();
               });
    flags.once(output, "--requests-out", "FILE",
               "a record of each request, .csv or .json: when it arrived, began and ended, its "
               "deadline, and what its time went to, by whom it was blocked",
               into(options.requests_out));
    flags.once(output, "--decisions", "FILE", "the decision log, as JSON lines",
               into(options.decisions));
    declare_clean(flags, options.clean);
    flags.once(output, "--schema", "N", kSchemaHelp, into(options.schema, result_schema_named));
}

void check_files(const Options& options, const Console& console) {
    check_outputs(console, inputs_of(options.asked),
                  {{"--trace", options.trace},
                   {"--decisions", options.decisions},
                   {"--requests-out", options.requests_out}},
                  options.clean);
    if (options.with_window && options.trace.empty())
        throw InputError("--trace-window: expected --trace FILE beside it, found none");
}

int run_run(const Options& options, const Console& console) {
    check_files(options, console);
    Scenario scenario = only_scenario_of(options.asked, "compare");
    scenario.lateness = options.emulation.lateness;
    if (options.frozen) require_frozen_reference(*scenario.backend);
    require_emulated(options.emulation, *scenario.backend);
    const Cells cells = only_cell_of(options.asked, scenario);
    const Cell& cell = cells.all().front();
    const PolicyChoice& policy = cell.system->choice;
    note_shadowed(console, options.asked);
    note_missing_noise(console, scenario);
    note_unused_costs(console, scenario);
    note_large_budget(console, scenario, cell.bytes);
    note_demand(console, scenario);
    if (!options.asked.budgets.empty() && !policy.needs_budget)
        console.note(text("policy {} takes no budget; -b has no effect", policy.spec));
    Records records(options, scenario, cell);
    const Testbed testbed = testbed_for(scenario, options.hardware, options.emulation, console);
    const RunResult result = run_recorded(records, console, scenario, testbed, cell);
    note_large_peak(console, scenario, result);
    note_extrapolation(console, scenario, result);
    std::optional<FrozenReference> frozen;
    if (options.frozen && result.latency.count > 0 && !testbed.stopped())
        frozen = frozen_reference(scenario, options.hardware.threads, result);
    if (console.json) {
        JsonWriter json;
        write_result(json, result, policy, Certificate(scenario, console.command_line), frozen,
                     options.schema);
        console.out << json.str() << '\n';
    } else {
        console.out << run_report(result, scenario, frozen, records.misses());
    }
    return judge(options, console, scenario, testbed, result);
}

}  // namespace

CliCommand run_command() { return {kText, declare, run_run}; }

}  // namespace swaplab
