#include "experiments/request/scenario.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/printable.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/device/faster_device.h"

namespace swaplab {

Duration LatenessBound::of(Duration mean_latency) const {
    return time.value_or(
        Duration{std::llround(share * static_cast<double>(count_ns(mean_latency)))});
}

Bytes Scenario::parameter_bytes() const {
    Bytes sum;
    for (const ModelChoice& choice : models) {
        const Bytes bytes = choice.model->parameter_bytes();
        if (bytes.count > kMostInTotal - sum.count)
            throw InputError("the parameters of all models add up to more than 2^60 bytes");
        sum += bytes;
    }
    return sum;
}

std::string Scenario::models_text() const {
    std::vector<std::string> names;
    for (const ModelChoice& choice : models) names.push_back(choice.model->name());
    return join(names, " + ");
}

std::string Scenario::device_text() const {
    const Platform& platform = device.platform;
    std::vector<std::string> chosen;
    if (!platform.mode.empty()) chosen.push_back("mode=" + platform.mode);
    if (platform.memory_kind) chosen.push_back(text("memory={}", name_of(*platform.memory_kind)));
    for (const Speedup& speedup : device.speedups) chosen.push_back(speedup.text);
    return chosen.empty() ? platform.name : text("{}:{}", platform.name, join(chosen, ","));
}

std::string Scenario::arrival_text() const {
    if (!arrivals_file.empty()) return std::string(name_of(ArrivalMode::listed));
    std::set<std::string_view> of_models;
    bool all_have_some = true;
    for (const ModelChoice& choice : models) {
        if (choice.arrivals) of_models.insert(name_of(choice.arrivals->kind));
        all_have_some = all_have_some && choice.arrivals;
    }
    std::vector<std::string> said;
    if (!all_have_some)
        said.push_back(arrivals.empty() ? std::string(name_of(mode))
                                        : arrivals.substr(0, arrivals.find(':')));
    for (const std::string_view name : of_models)
        if (said.empty() || said.front() != name) said.emplace_back(name);
    return join(said, " and ");
}

namespace {

bool only_the_run_shows(const Scenario& scenario) {
    return std::ranges::any_of(scenario.workload.jobs,
                               [](const Job& job) { return job.until.has_value(); });
}

}  // namespace

std::optional<std::int64_t> Scenario::all_requests() const {
    if (only_the_run_shows(*this)) return std::nullopt;
    return listed > 0 ? listed : requests * static_cast<std::int64_t>(models.size());
}

std::optional<std::int64_t> Scenario::requests_asked() const {
    if (only_the_run_shows(*this)) return std::nullopt;
    return listed > 0 ? listed : requests;
}

std::string requests_field(const Scenario& scenario) {
    const auto asked = scenario.requests_asked();
    return asked ? text("{}", *asked) : std::string();
}

std::string Scenario::requests_text() const {
    if (const auto asked = requests_asked()) return plural(*asked, "request");
    return text("requests for {}", format_duration(*duration));
}

std::string Scenario::workload_text() const {
    std::string said = arrival_text();
    if (has_several_requests()) said += text(", {}", requests_text());
    for (const std::string& source : sources) said += text(", source {}", source);
    if (dispatch.spec != Dispatch().spec) said += text(", dispatch {}", dispatch.spec);
    if (noise) said += text(", noise of seed {}", noise->seed);
    if (workload.overrun.any()) said += text(", overrun {}", text_of(workload.overrun));
    if (!arrivals_file.empty()) said += text(", arrivals {}", printable(arrivals_file));
    if (!budget_trace_file.empty()) said += text(", budgets {}", printable(budget_trace_file));
    if (!mode_trace_file.empty()) said += text(", modes {}", printable(mode_trace_file));
    return said;
}

void hold_models_to_speedups(Scenario& scenario, std::size_t first) {
    for (std::size_t i = first; i < scenario.device.speedups.size(); ++i) {
        const Speedup& speedup = scenario.device.speedups[i];
        if (speedup.activity != Activity::execute) continue;
        for (std::uint32_t j = 0; j < scenario.models.size(); ++j) {
            ModelPtr faster = with_faster_execution(*scenario.models[j].model,
                                                    scenario.device.platform.name, speedup.factor);
            if (faster == nullptr) continue;
            scenario.models[j].model = faster;
            scenario.workload.jobs[JobId{j}].model = std::move(faster);
        }
    }
}

void speed_up(Scenario& scenario, Speedup speedup) {
    const std::size_t before = scenario.device.speedups.size();
    speed_up(scenario.device, std::move(speedup));
    hold_models_to_speedups(scenario, before);
}

namespace {

bool is_noisy(const Node& node) {
    const auto varies = [](const auto& cv) {
        return std::ranges::any_of(cv, [](double one) { return one != 0; });
    };
    return varies(node.noise.cv) || (node.noise.drift && varies(node.noise.drift->cv));
}

}  // namespace

bool is_random(const Scenario& scenario) {
    return scenario.noise && std::ranges::any_of(scenario.device.platform.nodes, is_noisy);
}

Scenario without_budget_changes(Scenario scenario) {
    scenario.workload.budget_changes.clear();
    scenario.budget_trace_file.clear();
    return scenario;
}

namespace {

// Kernels of our own need no more of a model than its bytes.
void require_any_pack(const Backend& backend, const ModelChoice& choice) {
    if (choice.pack) return;
    throw InputError(
        text("backend '{}' reads packs, and '{}' is none: make one of its sizes with `swaplab pack "
             "{} --synthetic -o DIR`, or of a TorchScript file with `swaplab pack`, and pass -m "
             "DIR/",
             backend.name, choice.spec, choice.spec));
}

void require_executable(const Scenario& scenario) {
    const Backend& backend = *scenario.backend;
    for (const ModelChoice& choice : scenario.models) {
        if (backend.takes_any_pack) continue;
        require_whole_layers(*choice.model, text("backend '{}'", backend.name));
    }
    if (scenario.noise)
        throw InputError(
            text("--noise and --replications draw durations, which backend '{}' "
                 "measures: repeat with --requests, or with validate --repeats",
                 backend.name));
    for (const ModelChoice& choice : scenario.models) {
        if (backend.takes_any_pack) require_any_pack(backend, choice);
        if (choice.pack) continue;
        const std::string& name = choice.model->name();
        throw InputError(text(
            "backend '{}' executes real models, and '{}' is {} only: export it as {}.pt "
            "(experiments/export.py, or torch.jit.save), pack it with `swaplab pack {}.pt -o {}`, "
            "and pass -m {}/",
            backend.name, choice.spec,
            choice.builtin ? "built in as an architecture" : "a description", name, name, name,
            name));
    }
}

}  // namespace

void require_possible(const Scenario& scenario) {
    const Backend& backend = *scenario.backend;
    if (!backend.has_memory_kinds && scenario.device.platform.memory_kind)
        throw UnsupportedError(
            text("backend '{}' has no kinds of memory: leave out memory=", backend.name));
    if (!backend.changes_modes && !scenario.workload.mode_changes.empty())
        throw UnsupportedError(
            text("backend '{}' cannot change its mode: leave out --mode-trace", backend.name));
    if (backend.executes_models) require_executable(scenario);
    require_built(backend);
}

Testbed simulated_testbed() { return {make_device(simulation()), nullptr, nullptr}; }

RunRequest request_of(const Scenario& scenario, const Testbed& testbed, std::optional<Bytes> budget,
                      Observer* observer) {
    RunRequest request = planning_request_of(scenario, budget);
    request.device = testbed.device;
    request.stop = testbed.stop;
    request.observer = observer;
    request.noise = scenario.noise;
    request.replications = scenario.replications;
    return request;
}

RunRequest planning_request_of(const Scenario& scenario, std::optional<Bytes> budget) {
    return {.platform = scenario.device.platform,
            .workload = scenario.workload,
            .budget = budget,
            .account = scenario.account,
            .dispatch = scenario.dispatch,
            .rehearsal = make_device(simulation())};
}

Policy policy_for(const PolicyChoice& choice, const Scenario& scenario) {
    return make_policy(choice, scenario.path, staging_of(scenario.device.platform));
}

}  // namespace swaplab
