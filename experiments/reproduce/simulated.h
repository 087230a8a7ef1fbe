// Runs behind the figures of a reproduction: on `sim`, cold requests, no noise.
#pragma once

#include <string_view>
#include <vector>

#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/models/builtin_models.h"

namespace swaplab {

// A model that is built in. A name that is not is a broken program.
ModelPtr builtin(std::string_view name, const ModelOptions& options = {});
// The same with a whole-model execution time on the platform of that name.
ModelPtr anchored(const Model& model, const std::string& platform, Duration execution);

struct Setting {
    const Platform& platform;
    std::vector<ModelPtr> models;  // all run at once, one cold request each
    Bytes budget;
    Account account = Account::all;
};

// Both expect a budget that does; if it does not, the program is broken.
RunResult simulated(const Setting& setting, const PolicyChoice& policy);
Deployment planned(const Setting& setting, const PolicyChoice& policy);

}  // namespace swaplab
