// What a run needs to be emulated in real time, besides a scenario: packs, and a pace that this
// host can keep.
#pragma once

#include <string>

#include "experiments/cli/console.h"
#include "experiments/cli/options.h"
#include "experiments/scenario.h"

namespace swaplab {

// Makes the scenario's factory that of the emulator: packs are made for models that have none, and
// with --time-scale auto the host's storage is measured (a second at most) and the pace is said on
// stderr. Does nothing for another backend. Throws `InputError`, `StorageError`, `Interrupted`.
void prepare_emulation(Scenario& scenario, const Options& options, const Console& console);

// Throws `InputError` where an option of emulation is given and `backend` is another.
void require_emulated(const Options& options, const std::string& backend);

// "1%" of the mean latency, or "500us". Throws `InputError`. Empty: 1 %.
LatenessBound parse_lateness(const std::string& bound);

}  // namespace swaplab
