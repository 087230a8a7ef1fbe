// What a run needs to be emulated in real time, besides a scenario: packs, and a pace that this
// host can keep.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/cli/console.h"
#include "experiments/cli/options.h"
#include "experiments/scenario.h"
#include "hw/storage/pack.h"

namespace swaplab {

// Makes the scenario's factory that of the emulator: packs are made for models that have none, and
// with --time-scale auto the host's storage is measured (a second at most) and the pace is said on
// stderr. Does nothing for another backend. Throws `InputError`, `StorageError`, `Interrupted`.
void prepare_emulation(Scenario& scenario, const Options& options, const Console& console);

// Throws `InputError` where an option of emulation is given and `backend` is another.
void require_emulated(const Options& options, const std::string& backend);

// "1%" of the mean latency, or "500us". Throws `InputError`. Empty: 1 %.
LatenessBound parse_lateness(const std::string& bound);

// 1.23 -> 1.3, 0.0101 -> 0.011: up to two significant digits; `value` > 0.
double rounded_up(double value);

// Bytes per second that the device's storage gives these models at most: what a lone read of all
// of each gives, times what parallel reads gain at best.
double read_rate(const Platform& platform, const std::vector<ModelChoice>& models);

// The least time scale, 1 or more, at which a host that reads `host` bytes per second has half as
// much again as the device's `device` asks of it.
double pace_for(double device, double host);

}  // namespace swaplab
