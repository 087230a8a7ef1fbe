// What several commands do alike.
#pragma once

#include <optional>

#include "experiments/request/experiment.h"
#include "experiments/shell/console.h"
#include "policies/metrics/result.h"

namespace swaplab {

// A built-in model or device was chosen where a file or folder of the same name lies here, too:
// says how that is reached.
void note_shadowed(const Console& console, const Experiment& asked);

// Noise was asked for, but the device's profile has none.
void note_missing_noise(const Console& console, const Scenario& scenario);

// Costs that the device's profile gives and that nothing acts on.
void note_unused_costs(const Console& console, const Scenario& scenario);

// Says on stderr that a run held more than the device has (a policy without a budget may).
void note_large_peak(const Console& console, const Scenario& scenario, const RunResult& result);

// A budget above what the device has is allowed, and worth a note.
void note_large_budget(const Console& console, const Scenario& scenario,
                       std::optional<Bytes> budget);

// Requests that ask for more than compute can do, said before the run: "149 % of the compute".
void note_demand(const Console& console, const Scenario& scenario);

// Says on stderr which costs lie beyond what the device's lines were fitted on.
void note_extrapolation(const Console& console, const Scenario& scenario, const RunResult& result);

int exit_code_of(Verdict verdict);

}  // namespace swaplab
