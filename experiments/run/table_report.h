// What `plan --table` tells: the lookup table of every model, as text and as `swaplab/table/1`.
#pragma once

#include <string>

#include "experiments/request/scenario.h"
#include "policies/port/deployment.h"

namespace swaplab {

// `tables`: a deployment with variants, made for plenty of memory.
std::string table_report(const Scenario& scenario, const Deployment& tables,
                         const std::string& policy);
std::string table_json(const Scenario& scenario, const Deployment& tables,
                       const std::string& policy, const std::string& command_line);

}  // namespace swaplab
