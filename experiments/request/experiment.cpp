#include "experiments/request/experiment.h"

#include "experiments/request/traces.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Job job_of(const ModelChoice& choice, const Scenario& scenario) {
    Job job;
    job.model = choice.model;
    job.mode = scenario.mode;
    job.requests = scenario.requests;
    job.deadline = choice.deadline;
    job.weight = choice.weight;
    if (!choice.period) return job;
    job.mode = ArrivalMode::listed;
    if (*choice.period > Duration::max() / scenario.requests)
        throw InputError(text("model '{}': {} requests of that period end beyond 2^63-1 ns",
                              choice.spec, scenario.requests));
    for (std::int64_t i = 0; i < scenario.requests; ++i)
        job.arrivals.push_back(kStart + i * *choice.period);
    return job;
}

// The file says when, how many and until when.
void list_requests(Scenario& scenario, const WorkloadChoice& workload) {
    if (workload.requests || workload.mode)
        throw InputError("--arrivals lists all requests: leave out --requests and --mode");
    const std::vector<ListedRequests> listed = load_arrivals(workload.arrivals, scenario.models);
    for (std::uint32_t j = 0; j < listed.size(); ++j) {
        if (scenario.models[j].period)
            throw InputError(text("model '{}': --arrivals lists all requests: leave out period=",
                                  scenario.models[j].spec));
        Job& job = scenario.workload.jobs[{j}];
        job.mode = ArrivalMode::listed;
        job.arrivals = listed[j].arrivals;
        job.requests = static_cast<std::int64_t>(job.arrivals.size());
        for (const std::optional<Duration>& due : listed[j].deadlines)
            job.deadlines.push_back(due ? due : job.deadline);
        job.tokens = listed[j].tokens;
        scenario.listed += job.requests;
    }
    scenario.arrivals_file = workload.arrivals;
}

void take_workload(Scenario& scenario, const WorkloadChoice& workload) {
    scenario.mode = workload.mode.value_or(ArrivalMode::cold);
    scenario.requests = workload.requests.value_or(1);
    for (const ModelChoice& choice : scenario.models)
        scenario.workload.jobs.push_back(job_of(choice, scenario));
    if (!workload.arrivals.empty()) list_requests(scenario, workload);
    scenario.workload.overrun = workload.overrun;
    scenario.budget_trace_file = workload.budget_trace;
    if (!workload.budget_trace.empty())
        scenario.workload.budget_changes = load_budget_trace(workload.budget_trace);
    scenario.mode_trace_file = workload.mode_trace;
    if (!workload.mode_trace.empty())
        scenario.workload.mode_changes =
            load_mode_trace(workload.mode_trace, scenario.device.platform);
}

template <class T>
std::vector<T> or_default(const std::vector<T>& given, T fallback = {}) {
    return given.empty() ? std::vector<T>{fallback} : given;
}

// What is multiplied out, defaults filled in.
struct Axes {
    std::vector<std::vector<ModelChoice>> models;
    std::vector<WorkloadChoice> workloads;
    std::vector<Dispatch> dispatches;
    std::vector<std::uint64_t> seeds;

    explicit Axes(const Experiment& experiment)
        : workloads(or_default(experiment.workloads)),
          dispatches(or_default(experiment.dispatches)),
          seeds(or_default<std::uint64_t>(experiment.seeds)) {
        if (experiment.together) models.push_back(experiment.models);
        if (!experiment.together)
            for (const ModelChoice& choice : experiment.models) models.push_back({choice});
    }
};

// What all scenarios of an experiment have alike.
Scenario begun(const Experiment& experiment) {
    Scenario scenario;
    scenario.account = experiment.account;
    scenario.path = experiment.path;
    scenario.replications = experiment.replications.value_or(1);
    scenario.backend = experiment.backend;
    return scenario;
}

void require_models_and_devices(const Experiment& experiment) {
    if (experiment.models.empty())
        throw InputError("a model is needed: -m NAME|FILE (`swaplab list models` shows the names)");
    if (experiment.devices.empty())
        throw InputError(
            "a device is needed: -d NAME|FILE (`swaplab list devices` shows the names)");
}

}  // namespace

std::vector<Scenario> scenarios_of(const Experiment& experiment) {
    require_models_and_devices(experiment);
    const Axes axes(experiment);
    std::vector<Scenario> scenarios;
    for (const DeviceChoice& device : experiment.devices)
        for (const std::vector<ModelChoice>& models : axes.models)
            for (const WorkloadChoice& workload : axes.workloads) {
                Scenario scenario = begun(experiment);
                scenario.models = models;
                scenario.device = device;
                static_cast<void>(scenario.parameter_bytes());  // refuses sums that overflow
                take_workload(scenario, workload);
                hold_models_to_speedups(scenario);
                for (const Dispatch& dispatch : axes.dispatches)
                    for (const std::uint64_t seed : axes.seeds) {
                        scenario.dispatch = dispatch;
                        if (experiment.noise || scenario.replications > 1)
                            scenario.noise = NoiseKey{seed, 0};
                        if (!is_random(scenario)) scenario.replications = 1;  // they are all alike
                        require_possible(scenario);
                        scenarios.push_back(scenario);
                    }
            }
    return scenarios;
}

Scenario only_scenario_of(const Experiment& experiment, const char* several) {
    if (experiment.devices.size() > 1)
        throw InputError(text("one -d only; `swaplab {}` takes several devices", several));
    std::vector<Scenario> scenarios = scenarios_of(experiment);
    SWAPLAB_CHECK(scenarios.size() == 1, "{} scenarios of a command line that has one of each",
                  scenarios.size());
    return std::move(scenarios.front());
}

}  // namespace swaplab
