// What `run` tells a person about one result.
#pragma once

#include <string>

#include "experiments/explain/request_accounts.h"
#include "experiments/request/scenario.h"
#include "experiments/run/frozen_reference.h"
#include "policies/metrics/result.h"

namespace swaplab {

// `misses`: the first requests that missed their deadlines, which the report says why of.
std::string run_report(const RunResult& result, const Scenario& scenario,
                       const std::optional<FrozenReference>& frozen = std::nullopt,
                       const std::vector<RequestAccount>& misses = {});

// The blocks of one job, one line each, shortened in the middle when there are many.
std::string block_list(const JobResult& job, const Model& model);

// "note: ..." where the profile of the device was never measured, else nothing.
std::string provenance_note(const Scenario& scenario);

// "vgg19 on jetson-xavier-nx, account all, cold, 1 request".
std::string scenario_line(const Scenario& scenario);

}  // namespace swaplab
