// An experiment as a file: `swaplab/experiment/1`, YAML (FORMATS: Experiment file).
#pragma once

#include <string>

#include "experiments/request/experiment.h"

namespace swaplab {

// Models, devices and policies are chosen, budgets, workloads and dispatchers read, all at once.
// Throws `InputError` with line and column for what is not an experiment: unknown keys, wrong
// types, unknown names.
Experiment load_experiment(const std::string& path);

}  // namespace swaplab
