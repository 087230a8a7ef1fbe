// Measures a device with a model: plays schedules, round by round, until what was asked for is
// known well enough or time is up.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/measure/coverage.h"
#include "experiments/measure/parts.h"
#include "policies/port/device.h"
#include "profiles/measured/measurements.h"

namespace swaplab {

struct ProfileOptions {
    Bytes memory;  // for parameters
    std::optional<Bytes> request_bytes;
    double error = 0.02;  // of a request's latency, that no line may add more than
    Duration time_limit = nanoseconds(120'000'000'000);
    std::optional<NoiseKey> noise{};  // of a device that draws
    // How long it has been going on, and who hears how far it is; null: nobody.
    std::function<Duration()> elapsed;
    std::function<void(const std::string&)> tell = nullptr;
    // Measures reads into memory that nobody has touched, which schedules cannot ask for; null:
    // nobody does.
    std::function<std::vector<Measurement>()> fresh = nullptr;
};

struct Profile {
    Measurements measurements;
    std::vector<LineCoverage> lines;
    std::vector<NotMeasured> missing;
    std::int64_t rounds = 0;  // without the first, which warms up
    std::int64_t mixed = 0;   // spans that were neither alone nor beside one kind
    bool reached = false;     // the error asked for
    Duration took{};
};

// `platform` says what is not measured: alignment, capacity, kind of compute. Throws `InputError`
// where the largest layer does not fit into the memory (naming it), and what the device throws.
Profile profile_model(const ModelPtr& model, const Platform& platform, const DeviceFactory& device,
                      const ProfileOptions& options);

}  // namespace swaplab
