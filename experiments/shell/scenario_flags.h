// The flags that `plan`, `run`, `compare` and `validate` have alike: what is run, how.
#pragma once

#include <string>
#include <string_view>

#include "experiments/request/experiment.h"
#include "experiments/shell/flags.h"

namespace swaplab {

void declare_scenario(Flags& flags, Experiment& asked);  // -m, -d, --account, --swap-path
void declare_backend(Flags& flags, Experiment& asked);
// --requests, --duration, --mode, --noise, --replications, --seed, --dispatch, --arrivals, --source,
// --budget-trace, --mode-trace: of one workload.
void declare_workload(Flags& flags, Experiment& asked);
// -p and -b of one run, and of many; `policies` says what there is without -p, `budgets` without
// -b.
void declare_one_policy(Flags& flags, Experiment& asked);
void declare_policies(Flags& flags, Experiment& asked, std::string_view policies,
                      std::string_view budgets);
// How real storage and real models are used: --threads, --request-bytes, --depth.
void declare_hardware(Flags& flags, BackendSetup& setup);
void declare_verify(Flags& flags, BackendSetup& setup);
void declare_frozen(Flags& flags, bool& frozen);

// Of this build, but for simulation: "emu: ...; or cpu: ...", and "emu or cpu".
std::string measuring_backends_help();
std::string measuring_backend_names();

}  // namespace swaplab
