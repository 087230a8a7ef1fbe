// From what stands on the command line to a model or a device: built-in names first, then files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/request/arrivals/arrival_process.h"
#include "hw/storage/pack.h"
#include "profiles/base/units.h"
#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

// A device that is so many times as fast at something (profiles/device/faster_device.h).
struct Speedup {
    Activity activity{};
    double factor = 1;
    std::string text;  // "read=2x"
};

// One -m: `NAME|FILE|DIR[:input=N,period=33ms,arrivals=poisson,deadline=33ms,weight=2,...]`.
struct ModelChoice {
    std::string spec;  // as it was written
    ModelPtr model;
    bool builtin = false;
    std::shared_ptr<const Pack> pack;  // of a DIR, which is a pack
    std::optional<ArrivalProcess> arrivals;  // when its requests come, if it has a say
    std::optional<Duration> deadline;        // after the arrival
    double weight = 1;

    std::optional<Duration> period() const {  // of periodic arrivals
        if (!arrivals || arrivals->kind != ArrivalProcess::Kind::periodic) return std::nullopt;
        return arrivals->period;
    }
    bool shadows = false;  // a file or folder here has the built-in model's name, too
};

// One -d: `NAME|FILE[:mode=NAME,memory=KIND,read=2x,...]`; all is in force in the platform.
struct DeviceChoice {
    std::string spec;  // as it was written
    Platform platform;
    bool builtin = false;
    std::vector<Speedup> speedups;  // in force in the platform already
    bool shadows = false;           // as above
};

// Throws `InputError` for an unknown name (suggesting the nearest and listing all), an unknown key,
// or a value that does not fit the model.
ModelChoice choose_model(std::string_view spec);

// Throws `InputError` likewise; devices whose models execute on the CPU have no kinds of memory.
DeviceChoice choose_device(std::string_view spec);
// What to tell whoever asked for a built-in one by a name that a path here has, too; `what` is
// "model" or "device".
std::string shadowed_text(std::string_view what, const std::string& spec);

// A factor as people write it: `2x`, `0.5x`. Throws `InputError` for what is not positive.
double parse_times(std::string_view what, const std::string& given);

void speed_up(DeviceChoice& choice, Speedup speedup);

std::vector<std::string> memory_kind_names();

std::vector<std::string> builtin_model_names();

}  // namespace swaplab
