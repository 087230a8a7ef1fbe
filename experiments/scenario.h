// A scenario: everything of a run but its policy and its budget, resolved from the command line.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "experiments/backends.h"
#include "experiments/cli/budget.h"
#include "experiments/cli/catalog.h"
#include "experiments/cli/options.h"
#include "policies/run/runner.h"

namespace swaplab {

// How late an emulated lane may be: in the device's time, or as a share of the mean latency.
struct LatenessBound {
    double share = 0.01;
    std::optional<Duration> time{};  // instead of the share

    Duration of(Duration mean_latency) const;
};

struct Scenario {
    std::string command;  // the command line, for certificates
    std::vector<ModelChoice> models;
    std::string device;  // its spec
    Platform platform;
    Workload workload;  // jobs in the order of `models`
    ArrivalMode mode = ArrivalMode::cold;
    std::int64_t requests = 1;  // per model
    std::int64_t listed = 0;    // of --arrivals: all of them, instead of `requests` per model
    std::string arrivals_file, budget_trace_file, mode_trace_file;  // empty where there is none
    Account account = Account::all;
    std::optional<SwapPath> path;   // absent: each policy's own
    std::optional<NoiseKey> noise;  // absent: every duration is its mean
    std::int64_t replications = 1;
    Dispatch dispatch;
    std::string backend;
    DeviceFactory factory = nullptr;
    // Of an emulation whose pace was not asked for: the same so many times as slow.
    std::function<DeviceFactory(double)> slower = nullptr;
    LatenessBound lateness;                   // of an emulation
    const std::atomic<bool>* stop = nullptr;  // of real-time backends: see `RunRequest::stop`

    bool stopped() const { return stop != nullptr && stop->load(); }
    Bytes parameter_bytes() const;  // of all jobs, instances counted
    std::int64_t all_requests() const {
        return listed > 0 ? listed : requests * static_cast<std::int64_t>(models.size());
    }
    // What results call the number of requests: per model, or all that are listed.
    std::int64_t requests_asked() const { return listed > 0 ? listed : requests; }
    bool measured() const { return platform.provenance.measured; }
    // "vgg19 + resnet101", for people.
    std::string models_text() const;
    std::string device_text() const;   // "jetson-orin-nano:mode=15W,memory=staged"
    std::string arrival_text() const;  // "cold", "stream", "periodic", or a mixture
};

// Throws `InputError` or `UnsupportedError`. Of backend emu, `prepare_emulation` does the rest:
// until then the factory simulates, which is all that a plan needs.
Scenario resolve_scenario(const Options& options);

// --seed: a whole number.
std::uint64_t parse_seed(const std::string& given);

// What the command line says of real storage and real models (packs aside).
BackendSetup hardware_setup(const Options& options);

// With the packs that the scenario's models came from, and what the device's profile says of reads.
BackendSetup backend_setup(const Options& options, const Scenario& scenario);

// What the runner takes. Borrows the scenario and the observer.
RunRequest request_of(const Scenario& scenario, std::optional<Bytes> budget,
                      Observer* observer = nullptr);

// The one policy of `run` and `plan`.
Policy resolve_policy(const Options& options, const Scenario& scenario);

// The one budget of `run` and `plan`, in bytes; nullopt if the policy needs none. `min` asks the
// policy.
std::optional<Bytes> resolve_budget(const Options& options, const Scenario& scenario,
                                    const Policy& policy);

}  // namespace swaplab
