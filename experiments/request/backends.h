// The backends as a table. This is the one place that names `sim`, `emu` and `hw` together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hw/storage/pack.h"
#include "policies/port/device.h"

namespace swaplab {

// What backends with real storage and real models are made from.
struct BackendSetup {
    std::vector<std::shared_ptr<const Pack>> packs;  // by JobId; null where a model is not packed
    int threads = 0;                                 // of one operator; 0: the library's choice
    std::optional<Bytes> request_bytes;              // of real reads; absent: the reader's choice
    std::optional<std::uint32_t> depth;              // likewise
    bool verify = false;                             // check every block that is read
    // Of emulation.
    double time_scale = 1;
    std::string why_time_scale;  // how it was chosen, for people
    bool page_cache = false;
    std::optional<Bytes> memory_hog, memory_fence;
    std::string execution;  // one of `Backend::executions`; empty: the first
};

struct Backend {
    std::string_view name;
    std::string_view kind;              // of its results: "simulated"
    std::string_view help;              // what it does, in --help
    bool real_time = false;             // a run takes as long as it says: somebody may end it early
    bool executes_models = false;       // an architecture alone is not enough
    bool takes_any_pack = false;        // ... but a synthetic pack is
    bool keeps_a_pace = false;          // the profile's, in real time: a time scale, and lateness
    bool has_memory_kinds = true;       // -d X:memory=
    bool changes_modes = true;          // --mode-trace
    bool has_frozen_reference = false;  // --frozen
    bool is_profiled = false;           // `profile` measures it
    std::span<const std::string_view> executions = {};     // --execute, the default first
    DeviceFactory (*make)(const BackendSetup&) = nullptr;  // null: not in this build yet
};

std::span<const Backend> backends();  // the default first
// Throws `InputError` for an unknown name.
const Backend& backend_named(std::string_view name);
inline const Backend& simulation() { return backends().front(); }

// What --execute may say of some backend.
std::vector<std::string> known_executions();

// Throws `UnsupportedError` where it is not in this build; so does `make_device`.
void require_built(const Backend& backend);
DeviceFactory make_device(const Backend& backend, const BackendSetup& setup = {});

}  // namespace swaplab
