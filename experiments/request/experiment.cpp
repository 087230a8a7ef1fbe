#include "experiments/request/experiment.h"

#include <algorithm>
#include <span>

#include "experiments/text/option_values.h"
#include "experiments/request/traces.h"
#include "experiments/text/spec.h"
#include "policies/lanes/closed_loop.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// How many requests a job is asked for, and by when the last of them arrives.
struct Extent {
    std::int64_t requests = 1;
    std::optional<Time> until;

    explicit Extent(const WorkloadChoice& workload)
        : requests(workload.requests.value_or(workload.duration ? Job::kAnyNumber : 1)) {
        if (workload.duration) until = kStart + *workload.duration;
    }
};

const ArrivalProcess* process_of(const ModelChoice& choice, const WorkloadChoice& workload) {
    if (choice.arrivals) return &*choice.arrivals;
    return workload.process ? &*workload.process : nullptr;
}

[[noreturn]] void none_arrives(const std::string& of, Duration duration) {
    throw InputError(text("no request of {} arrives within {}", of, format_duration(duration)));
}

// The requests of a model from one process.
void arrive_by(Job& job, const ArrivalProcess& process, const ModelChoice& choice,
               ArrivalStream stream, const Extent& extent) {
    job.requests = extent.requests;
    if (process.kind == ArrivalProcess::Kind::closed) {
        job.mode = ArrivalMode::closed;
        job.loop = loop_of(process, stream);
        job.until = extent.until;
        if (extent.until && first_arrival_of(job.loop) >= *extent.until)
            none_arrives(choice.spec, *extent.until - kStart);
        return;
    }
    job.mode = ArrivalMode::listed;
    job.arrivals = list_arrivals(process, stream, extent.requests, extent.until);
    job.requests = std::ssize(job.arrivals);
}

Job job_of(std::uint32_t number, const ModelChoice& choice, const WorkloadChoice& workload,
           ArrivalMode mode) {
    const Extent extent(workload);
    Job job;
    job.model = choice.model;
    job.mode = mode;
    job.deadline = choice.deadline;
    job.weight = choice.weight;
    if (const ArrivalProcess* process = process_of(choice, workload)) {
        arrive_by(job, *process, choice, {number, 0}, extent);
        return job;
    }
    job.requests = extent.requests;
    job.until = extent.until;
    if (job.until && mode == ArrivalMode::stream)
        throw InputError(text("model '{}': --duration is for requests that arrive one after the "
                              "other: of --mode stream all are there at once",
                              choice.spec));
    return job;
}

// What one source of several sends.
struct Sent {
    Time at{};
    std::uint8_t source = 0;
    std::optional<Duration> deadline;
};

void append(std::vector<Sent>& all, std::span<const Time> arrivals, std::uint8_t source,
            std::optional<Duration> deadline) {
    for (const Time at : arrivals) all.push_back({at, source, deadline});
}

// Requests of all sources, by arrival, those of earlier sources first.
void merge_into(Job& job, std::vector<Sent> all) {
    std::ranges::stable_sort(all, {}, &Sent::at);
    job.arrivals = {};
    for (const Sent& sent : all) {
        job.arrivals.push_back(sent.at);
        job.sources.push_back(sent.source);
        job.deadlines.push_back(sent.deadline);
    }
    job.requests = std::ssize(all);
}

void add_sources(Job& job, std::uint32_t number, const std::string& label,
                 const WorkloadChoice& workload) {
    constexpr std::uint8_t most = 255;
    std::vector<Sent> all;
    std::uint8_t source = 0;
    for (const SourceChoice& choice : workload.sources) {
        if (choice.model != label) continue;
        if (job.mode != ArrivalMode::listed)
            throw InputError(text("source '{}': the requests of {} arrive as {}: a further source "
                                  "needs period= or arrivals= (periodic, poisson, bursts) there",
                                  choice.text, label, name_of(job.mode)));
        if (source == most) throw InputError(text("{}: at most {} sources", label, most));
        if (source == 0) append(all, job.arrivals, 0, job.deadline);
        Extent extent(workload);
        if (choice.requests) extent.requests = *choice.requests;
        ++source;
        append(all,
               list_arrivals(choice.arrivals, {number, source}, extent.requests, extent.until),
               source, choice.deadline ? choice.deadline : job.deadline);
    }
    if (source > 0) merge_into(job, std::move(all));
}

void require_sources_known(const WorkloadChoice& workload, const std::vector<std::string>& labels) {
    for (const SourceChoice& choice : workload.sources)
        require_known(text("model of source '{}':", choice.text), choice.model, labels);
}

// The file says when, how many and until when.
void list_requests(Scenario& scenario, const WorkloadChoice& workload) {
    if (workload.requests || workload.mode)
        throw InputError("--arrivals lists all requests: leave out --requests and --mode");
    if (!workload.sources.empty())
        throw InputError("--arrivals lists all requests: leave out --source");
    std::vector<ListedRequests> listed =
        load_arrivals(workload.arrivals, scenario.models, workload.duration);
    for (std::uint32_t j = 0; j < listed.size(); ++j) {
        if (scenario.models[j].arrivals)
            throw InputError(text("model '{}': --arrivals lists all requests: leave out period= "
                                  "and arrivals=",
                                  scenario.models[j].spec));
        Job& job = scenario.workload.jobs[{j}];
        job.mode = ArrivalMode::listed;
        job.until.reset();
        job.arrivals = std::move(listed[j].arrivals);
        job.requests = static_cast<std::int64_t>(job.arrivals.size());
        for (const std::optional<Duration>& due : listed[j].deadlines)
            job.deadlines.push_back(due ? due : job.deadline);
        job.tokens = std::move(listed[j].tokens);
    }
    scenario.arrivals_file = workload.arrivals;
}

// Where requests are not the same number of each model.
void count_requests(Scenario& scenario) {
    scenario.listed = 0;
    std::int64_t sum = 0;
    bool alike = scenario.arrivals_file.empty();
    for (const Job& job : scenario.workload.jobs) {
        if (job.until) return;
        sum += job.requests;
        alike = alike && job.requests == scenario.requests;
    }
    if (!alike) scenario.listed = sum;
}

void make_jobs(Scenario& scenario, const WorkloadChoice& workload) {
    if (workload.process && workload.mode)
        throw InputError("--arrivals says how requests arrive: leave out --mode");
    // A file replaces what is made here.
    WorkloadChoice made = workload;
    if (!workload.arrivals.empty()) made.duration.reset();
    const std::vector<std::string> labels = labels_of(scenario.models);
    for (std::uint32_t j = 0; j < scenario.models.size(); ++j) {
        scenario.workload.jobs.push_back(job_of(j, scenario.models[j], made, scenario.mode));
        add_sources(scenario.workload.jobs[{j}], j, labels[j], made);
    }
    if (std::ranges::all_of(scenario.workload.jobs, [](const Job& job) { return job.requests == 0; }))
        none_arrives("any model", *workload.duration);
}

void take_workload(Scenario& scenario, const WorkloadChoice& workload) {
    scenario.mode = workload.mode.value_or(ArrivalMode::cold);
    scenario.requests = workload.requests.value_or(1);
    scenario.duration = workload.duration;
    scenario.arrivals = workload.process_text;
    for (const SourceChoice& source : workload.sources) scenario.sources.push_back(source.text);
    make_jobs(scenario, workload);
    if (!workload.arrivals.empty()) list_requests(scenario, workload);
    scenario.workload.overrun = workload.overrun;
    count_requests(scenario);
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

// A source is of one of the experiment's models; where these run one after the other, of that one.
WorkloadChoice for_these(WorkloadChoice workload, const std::vector<ModelChoice>& models) {
    const std::vector<std::string> labels = labels_of(models);
    std::erase_if(workload.sources, [&](const SourceChoice& source) {
        return std::ranges::find(labels, source.model) == labels.end();
    });
    return workload;
}

}  // namespace

void choose_arrivals(WorkloadChoice& workload, const std::string& given) {
    if (!is_arrival_process(std::string_view(given).substr(0, given.find(':')))) {
        workload.arrivals = given;
        return;
    }
    workload.process = parse_arrivals(given);
    workload.process_text = given;
}

SourceChoice choose_source(std::string_view given) {
    const Spec spec = parse_spec(given, "source");
    const std::string whose = text("source '{}'", spec.text);
    SourceChoice choice;
    choice.text = spec.text;
    choice.model = spec.name;
    std::vector<std::string> keys = arrival_keys();
    keys.insert(keys.end(), {"deadline", "requests"});
    for (const auto& [key, value] : spec.options) {
        require_known(text("key of {}:", whose), key, keys);
        if (key == "deadline") choice.deadline = parse_positive_duration(whose, key, value);
        if (key == "requests") choice.requests = parse_whole_number(whose, key, value);
    }
    const auto arrivals = arrivals_among(whose, spec.options);
    if (!arrivals || arrivals->kind == ArrivalProcess::Kind::closed)
        throw InputError(text("{}: expected period= or arrivals= (periodic, poisson or bursts)",
                              whose));
    choice.arrivals = *arrivals;
    return choice;
}

std::vector<Scenario> scenarios_of(const Experiment& experiment) {
    require_models_and_devices(experiment);
    const Axes axes(experiment);
    for (const WorkloadChoice& workload : axes.workloads)
        require_sources_known(workload, labels_of(experiment.models));
    std::vector<Scenario> scenarios;
    for (const DeviceChoice& device : experiment.devices)
        for (const std::vector<ModelChoice>& models : axes.models)
            for (const WorkloadChoice& workload : axes.workloads) {
                Scenario scenario = begun(experiment);
                scenario.models = models;
                scenario.device = device;
                static_cast<void>(scenario.parameter_bytes());  // refuses sums that overflow
                take_workload(scenario, for_these(workload, models));
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
