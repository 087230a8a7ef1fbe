// A scenario: everything of a run but its policy and its budget. It owns what it is made of, and
// knows nothing of command lines, terminals and signals.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/request/backends.h"
#include "experiments/request/catalog.h"
#include "policies/registry.h"
#include "policies/run/runner.h"

namespace swaplab {

// How late an emulated lane may be: in the device's time, or as a share of the mean latency.
struct LatenessBound {
    double share = 0.01;
    std::optional<Duration> time{};  // instead of the share

    Duration of(Duration mean_latency) const;
};

struct Scenario {
    std::vector<ModelChoice> models;
    DeviceChoice device;
    Workload workload;  // jobs in the order of `models`
    ArrivalMode mode = ArrivalMode::cold;
    std::int64_t requests = 1;  // per model
    // All that is known before the run, instead of `requests` per model: of a file, of sources, of
    // what comes within a duration.
    std::int64_t listed = 0;
    std::optional<Duration> duration;  // nothing arrives from then on
    std::string arrivals;              // of all models that have none of their own: "poisson:…"
    std::vector<std::string> sources;  // more of them, as they were written
    std::string arrivals_file, budget_trace_file, mode_trace_file;  // empty where there is none
    Account account = Account::all;
    std::optional<SwapPath> path;   // absent: each policy's own
    std::optional<NoiseKey> noise;  // absent: every duration is its mean
    std::int64_t replications = 1;
    Dispatch dispatch;
    const Backend* backend = &simulation();
    LatenessBound lateness;  // of an emulation

    // Of all jobs, instances counted. Throws `InputError` where that is more than 2^60.
    Bytes parameter_bytes() const;
    // Nothing where only the run shows how many there is time for.
    std::optional<std::int64_t> all_requests() const;
    bool has_several_requests() const { return all_requests().value_or(2) > 1; }
    // What results call the number of requests: per model, or all that are listed; nothing where
    // only the run shows.
    std::optional<std::int64_t> requests_asked() const;
    std::string requests_text() const;  // "100 requests", "requests for 10.00 s"
    bool measured() const { return device.platform.provenance.measured; }
    // "vgg19 + resnet101", for people.
    std::string models_text() const;
    std::string device_text() const;   // "jetson-orin-nano:mode=15W,memory=staged"
    // "cold", "stream", "listed", "periodic", "poisson", or a mixture: "stream and periodic".
    std::string arrival_text() const;
    // What else tells scenarios of one experiment apart: "stream, 4 requests, dispatch edf, noise
    // of seed 7, budgets b.csv".
    std::string workload_text() const;
};

// `requests_asked` as a field of a table: empty where only the run shows.
std::string requests_field(const Scenario& scenario);

// The same on a device that is faster at something, whatever its models have measured on it.
void speed_up(Scenario& scenario, Speedup speedup);
// What models have measured on the device is as much faster as it is, by its speedups from `first`
// on.
void hold_models_to_speedups(Scenario& scenario, std::size_t first = 0);

// Whether runs with other draws differ: there is noise, and the device has some.
bool is_random(const Scenario& scenario);

// As `direct` runs it beside others: it takes no budget, so none changes.
Scenario without_budget_changes(Scenario scenario);

// Throws `InputError` or `UnsupportedError` where the scenario's backend cannot do what it asks
// for: real models where there is an architecture only, kinds of memory, changes of the mode,
// noise.
void require_possible(const Scenario& scenario);

// What runs are done with.
struct Testbed {
    DeviceFactory device;
    // Of an emulation whose pace was not asked for: the same so many times as slow.
    std::function<DeviceFactory(double)> slower = nullptr;
    const std::atomic<bool>* stop = nullptr;  // see `RunRequest::stop`

    bool stopped() const { return stop != nullptr && stop->load(); }
};
Testbed simulated_testbed();

// What the runner takes. Borrows the scenario and the observer.
RunRequest request_of(const Scenario& scenario, const Testbed& testbed, std::optional<Bytes> budget,
                      Observer* observer = nullptr);
// The same for what needs no device: plans and least budgets.
RunRequest planning_request_of(const Scenario& scenario, std::optional<Bytes> budget = {});

// The policy for this scenario: with its swap path and its device's kind of memory. Throws
// `InputError` where the policy takes neither.
Policy policy_for(const PolicyChoice& choice, const Scenario& scenario);

}  // namespace swaplab
