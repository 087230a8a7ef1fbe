// The runner: the only actor. Walks a workload with a policy on a device, checks every command,
// and records spans, decisions and metrics. It never asks what kind of device it drives.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "policies/metrics/observer.h"
#include "policies/metrics/result.h"
#include "policies/port/device.h"
#include "policies/port/workload.h"
#include "policies/schedule/policy.h"

namespace swaplab {

// A policy broke a rule. The message begins with the policy's name and says what, when and which
// block (exit code 1).
class PolicyError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// What it broke is a rule of the device: another device, or kind of memory, may take it.
class RefusedByDevice : public PolicyError {
  public:
    using PolicyError::PolicyError;
};

struct RunRequest {
    const Platform& platform;
    const Workload& workload;
    std::optional<Bytes> budget;  // required unless the policy needs none
    Account account = Account::all;
    DeviceFactory device = nullptr;
    Observer* observer = nullptr;  // may be null; must outlive the run; sees the first replication
    // Absent: every duration is its mean. Present: `replications` runs of the same plan, from the
    // key's replication on, each with draws of its own.
    std::optional<NoiseKey> noise{};
    std::int64_t replications = 1;
    Dispatch dispatch = {};  // of `direct`, too, which latencies are compared with
    // Also run `direct` once, for `RunResult::full_memory_latency`; else that is 0.
    bool with_reference = true;
    // Set, by a signal or another thread, when the run shall end early, with what there is; then
    // `direct` is not run, and of several replications those count that are complete. Null where
    // nobody can ask.
    const std::atomic<bool>* stop = nullptr;

    // Virtual devices on which planners may rehearse plans (`PlanRequest::rehearse`); null: none.
    DeviceFactory rehearsal = nullptr;

    bool stopped() const { return stop != nullptr && stop->load(); }
};

// Plans once and runs every replication. Infeasible, stuck and interrupted are verdicts; an illegal
// move throws `PolicyError`; costs beyond the limits throw `InputError`.
RunResult run(const RunRequest& request, const Policy& policy);

// Plans only. For `swaplab plan` and for `-b min`.
PlanOutcome plan(const RunRequest& request, const Policy& policy);

// The lookup tables of all jobs: a deployment with all their rows as variants, as a run in which
// the budget may change has it, made for plenty of memory. Throws `UnsupportedError` if the policy
// has none.
Deployment lookup_tables(const RunRequest& request, const Policy& policy);

// The smallest budget with which the policy would do; nullopt if it needs none.
std::optional<Bytes> minimum_budget(const RunRequest& request, const Policy& policy);

// Runs a deployment that is already there, with a scheduler of the caller's: for tests of policies
// and for devices under test. `name` is who is blamed.
RunResult run_deployment(const RunRequest& request, const Deployment& deployment,
                         Scheduler& scheduler, const std::string& name);

}  // namespace swaplab
