// From what stands on the command line to a model or a device: built-in names first, then files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hw/storage/pack.h"
#include "profiles/base/units.h"
#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

// One -m: `NAME|FILE|DIR[:input=N,period=33ms,deadline=33ms,weight=2]`.
struct ModelChoice {
    std::string spec;  // as it was written
    ModelPtr model;
    bool builtin = false;
    std::shared_ptr<const Pack> pack;  // of a DIR, which is a pack
    std::optional<Duration> period;    // requests arrive this far apart
    std::optional<Duration> deadline;  // after the arrival
    double weight = 1;
    bool shadows = false;  // a file or folder here has the built-in model's name, too
};

// One -d: `NAME|FILE[:mode=NAME,memory=KIND]`; both are in force in the platform.
struct DeviceChoice {
    std::string spec;  // as it was written
    Platform platform;
    bool builtin = false;
    bool shadows = false;  // as above
};

// Throws `InputError` for an unknown name (suggesting the nearest and listing all), an unknown key,
// or a value that does not fit the model.
ModelChoice choose_model(std::string_view spec);

// Throws `InputError` likewise; devices whose models execute on the CPU have no kinds of memory.
DeviceChoice choose_device(std::string_view spec);
// What to tell whoever asked for a built-in one by a name that a path here has, too; `what` is
// "model" or "device".
std::string shadowed_text(std::string_view what, const std::string& spec);

std::vector<std::string> memory_kind_names();

std::vector<std::string> builtin_model_names();

}  // namespace swaplab
