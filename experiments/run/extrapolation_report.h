// Says which costs of a result were asked for beyond what the device's lines were fitted on.
#pragma once

#include <string>
#include <vector>

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"
#include "profiles/cost/extrapolation.h"
#include "profiles/document/document.h"

namespace swaplab {

struct JobExtrapolations {
    std::string model;
    std::vector<Extrapolation> found;
};

// By job; jobs without any are left out. Empty if the device has no hull.
std::vector<JobExtrapolations> extrapolations_of(const RunResult& result, const Scenario& scenario);

// One line: "extrapolated: 3 blocks of vgg19 (execute.linear: flops, ...)"; empty if there are
// none.
std::string extrapolation_note(const std::vector<JobExtrapolations>& jobs);

// The member `extrapolated` of the object being written, where the device has a hull.
void write_extrapolated(JsonWriter& json, const RunResult& result, const Scenario& scenario);

}  // namespace swaplab
