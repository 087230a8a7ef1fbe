// The backends by name. This is the one place that names `sim`, `emu` and `hw` together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
    // Of emu.
    double time_scale = 1;
    std::string why_time_scale;  // how it was chosen, for people
    bool page_cache = false;
    bool execute = false;  // really, with LibTorch
    std::optional<Bytes> memory_hog, memory_fence;
};

// Throws `InputError` for an unknown name, `UnsupportedError` for one that is not in this build.
DeviceFactory backend_named(const std::string& name, const BackendSetup& setup = {});

// Whether the backend executes real models, so that an architecture alone is not enough.
bool executes_models(const std::string& name);

// Whether a run takes as long as it says it did, so that somebody may want to end it early.
bool is_real_time(const std::string& name);

// What a result of this backend is: "simulated", "emulated" or "measured".
std::string kind_of(const std::string& backend);

}  // namespace swaplab
