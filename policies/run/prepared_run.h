// A plan that is made once and run under many draws: what a study, whose points differ in their
// noise alone, does not have to do for each of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "policies/run/bounds.h"
#include "policies/run/single_run.h"

namespace swaplab {

// What results refer to: `direct` under the same workload and draws.
struct FullMemory {
    bool complete = false;        // else somebody asked for its end before
    Duration latency{};           // mean over requests
    std::vector<Duration> turns;         // by job, added up
    std::vector<std::int64_t> requests;  // likewise, how many
    // Where not all requests may end with a policy: by job, of each, replication by replication.
    std::vector<Durations> turns_of_all;
    std::vector<std::size_t> requests_of_one;  // likewise: by job, of one replication
    std::optional<Evidence> evidence;
};

// Runs it with the noise of the request; all else of the policy's run is that of the request, but
// for the budget, the observer and the rule for overruns, of which it has none.
FullMemory run_in_full_memory(RunRequest request, const CostModels& costs);
FullMemory run_in_full_memory(const RunRequest& request);

class PreparedRun {
  public:
    // Plans. Borrows the policy and all that the request refers to. Throws what `run` throws.
    PreparedRun(const RunRequest& request, const Policy& policy);
    PreparedRun(const PreparedRun&) = delete;  // parts of it borrow others
    PreparedRun& operator=(const PreparedRun&) = delete;

    // The same as `run` of the request with this noise, to the last byte. Several threads may run
    // at once. `reference` is that of the same noise, if it is at hand; else `direct` runs, where
    // the request asks for it.
    // `each` sees every replication that is complete, before they are put together.
    using Each = std::function<void(const RunResult&)>;
    RunResult run(std::optional<NoiseKey> noise, const FullMemory* reference = nullptr,
                  const Each& each = nullptr) const;

    // The result of `run`, from one that `other` had with the same noise: nothing where their runs
    // may differ. The requests and policies of both are the same but for the budget.
    std::optional<RunResult> adopted(const PreparedRun& other, const RunResult& result) const;

  private:
    RunResult refused() const;

    RunRequest request_;
    const Policy& policy_;
    CostModels costs_;
    PlanOutcome outcome_;
    Bounds bounds_;
    std::optional<Planned> planned_;  // empty where it is infeasible
};

// Adds what a result is compared with: its bounds, and `direct`, which runs if it is not given.
void add_references(RunResult& result, const RunRequest& request, const CostModels& costs,
                    const Bounds& bounds, const FullMemory* reference);

}  // namespace swaplab
