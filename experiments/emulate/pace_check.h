// Whether an emulated run kept the pace of its device: else its times are the host's, not the
// device's, and the run is invalid.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"

namespace swaplab {

// Durations are in the device's time.
struct PaceVerdict {
    double time_scale = 1;
    // What 95 of 100 activities of every lane must not be later than; nothing where it is a share
    // of the latency of requests none of which ended.
    std::optional<Duration> bound;
    std::vector<LaneLateness> lanes;
    // Of a run that is not valid: "storage ended 3.10 ms late (95th percentile of 25), ..." of the
    // latest lane, and how many others are too late.
    std::string problem;
    std::optional<double> advised_scale;  // at which it should do, if it can be told

    bool valid() const { return problem.empty(); }
    // Nothing where the run is valid.
    std::string advice() const;
};

// Nothing for a run that was not emulated.
std::optional<PaceVerdict> judge_pace(const RunResult& result, const LatenessBound& bound);

// What is wrong, in short; nothing for a run that is right, or not emulated.
std::optional<std::string> late_lanes(const RunResult& result, const LatenessBound& bound);

// Likewise of `direct`, which the result's latency is compared with.
std::optional<std::string> late_reference(const RunResult& result, const LatenessBound& bound);

}  // namespace swaplab
