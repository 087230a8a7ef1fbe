// An experiment: what is asked for, every part typed and checked. The command line and a file of
// `swaplab/experiment/1` are read into the same; `scenarios_of` multiplies it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/request/budget.h"
#include "experiments/request/scenario.h"

namespace swaplab {

// One more source of requests to a model that has some already: they share its parameters.
struct SourceChoice {
    std::string text;   // as it was written: "vgg19:arrivals=poisson,rate=5/s,deadline=50ms"
    std::string model;  // as arrivals call it: "vgg19", "yolov3#2"
    ArrivalProcess arrivals;
    std::optional<Duration> deadline;       // absent: the model's
    std::optional<std::int64_t> requests;  // absent: as many as the model's own

    friend bool operator==(const SourceChoice&, const SourceChoice&) = default;
};
// Throws `InputError`; whether there is such a model shows later.
SourceChoice choose_source(std::string_view spec);

// When requests arrive, and what changes meanwhile.
struct WorkloadChoice {
    std::optional<ArrivalMode> mode;       // absent: cold
    std::optional<std::int64_t> requests;  // per model; absent: 1, or what there is time for
    std::optional<Duration> duration;      // nothing arrives from then on
    // Of models that have no arrivals of their own; absent: as `mode` says.
    std::optional<ArrivalProcess> process;
    std::string process_text;  // as it was written
    std::vector<SourceChoice> sources;
    // Paths of files (FORMATS: Arrivals; FORMATS: Budget trace; FORMATS: Mode trace); empty: none.
    std::string arrivals, budget_trace, mode_trace;
    Overrun overrun;

    friend bool operator==(const WorkloadChoice&, const WorkloadChoice&) = default;
};

// What --arrivals is given: the name of a process with its keys, else the path of a file. Throws
// `InputError`.
void choose_arrivals(WorkloadChoice& workload, const std::string& given);

struct Experiment {
    std::vector<ModelChoice> models;
    bool together = true;  // in one run, all of them at once; else one after the other
    std::vector<DeviceChoice> devices;
    std::vector<PolicyChoice> policies;
    std::vector<BudgetChoice> budgets;
    // Of each of these an empty list stands for its default: cold requests, one of each model;
    // fcfs; seed 0.
    std::vector<WorkloadChoice> workloads;
    std::vector<Dispatch> dispatches;
    std::vector<std::uint64_t> seeds;
    bool noise = false;
    std::optional<std::int64_t> replications;  // absent: 1; more imply noise
    Account account = Account::all;
    std::optional<SwapPath> path;
    const Backend* backend = &simulation();
};

// Devices x models (unless they run together) x workloads x dispatches x seeds, in this order.
// Reads the files of workloads. Throws `InputError` or `UnsupportedError`, for an experiment
// without a model or a device, too.
std::vector<Scenario> scenarios_of(const Experiment& experiment);

// The only one of an experiment whose command takes one. Throws `InputError` where there are more;
// `several` is a command that takes several ("compare").
Scenario only_scenario_of(const Experiment& experiment, const char* several);

}  // namespace swaplab
