// An experiment as a file: `swaplab/experiment/1`, YAML (FORMATS: Experiment file).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/cli/options.h"

namespace swaplab {

// Everything as specs, as the command line would have it; lists of policy parameters are multiplied
// out.
struct Experiment {
    std::vector<std::string> models;
    bool together = false;
    std::vector<std::string> devices;
    std::vector<std::string> policies;
    std::vector<std::string> budgets;
    std::string mode = "cold";
    std::int64_t requests = 1;
    bool noise = false;
    std::optional<std::int64_t> replications;
    std::int64_t seed = 0;
};

// Throws `InputError` with line and column for anything that is not one: unknown keys, wrong types,
// values that no budget or policy has.
Experiment load_experiment(const std::string& path);

// The command line of each study: one per device, and per model unless they run together. What the
// experiment says replaces what `options` had.
std::vector<Options> studies_of(const Experiment& experiment, const Options& options);

}  // namespace swaplab
