// What a command writes, looked at before it does anything else.
#pragma once

#include <vector>

#include "experiments/output/separate_files.h"
#include "experiments/request/experiment.h"
#include "experiments/shell/console.h"
#include "experiments/shell/flags.h"

namespace swaplab {

// --clean: what runs that were killed have left where this one writes is removed.
void declare_clean(Flags& flags, bool& clean);

// Refuses outputs that are inputs, one another, or nothing that can be written (FORMATS: Output
// files). Says what a run that was killed has left beside them, or removes it. Where an output goes
// to standard output nothing else does. Throws `InputError`.
void check_outputs(const Console& console, const std::vector<NamedFile>& inputs,
                   const std::vector<NamedFile>& outputs, bool clean);

// All files that the experiment reads, with what they are: models, packs with all that is in them,
// devices, what workloads list.
std::vector<NamedFile> inputs_of(const Experiment& asked);

}  // namespace swaplab
