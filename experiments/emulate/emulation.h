// What a run needs to be emulated in real time, besides a scenario: packs, and a pace that this
// host can keep.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/request/scenario.h"
#include "experiments/shell/console.h"
#include "experiments/shell/flags.h"

namespace swaplab {

struct EmulationOptions {
    std::optional<double> time_scale;  // absent: as fast as this host can
    LatenessBound lateness;
    bool page_cache = false;
    std::string execution;  // of --execute; empty: not given
    std::optional<Bytes> memory_hog, memory_fence;
    std::string pack_cache;               // empty: the default folder
    std::vector<std::string_view> given;  // the flags that ask for emulation
};

// --time-scale, --lateness, --page-cache, --execute, --memory-hog, --memory-fence, --pack-cache.
void declare_emulation(Flags& flags, EmulationOptions& options);

// Throws `InputError` where an option of emulation is given and the backend is another, or one that
// does not execute so.
void require_emulated(const EmulationOptions& options, const Backend& backend);

// The scenario's backend, ready. For emulation packs are made for models that have none, and where
// no pace was asked for the host's storage is measured (a second at most) and the pace is said on
// stderr. Runs in real time are ended by an interrupt. Throws `InputError`, `UnsupportedError`,
// `StorageError`, `Interrupted`.
Testbed testbed_for(const Scenario& scenario, const BackendSetup& hardware,
                    const EmulationOptions& options, const Console& console);

// "1%" of the mean latency, or "500us". Throws `InputError`.
LatenessBound parse_lateness(const std::string& bound);

}  // namespace swaplab
