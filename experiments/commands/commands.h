// The commands of the executable: each takes what was asked for and returns the exit code.
#pragma once

#include "experiments/cli/console.h"
#include "experiments/cli/options.h"

namespace swaplab {

int list_command(const Options& options, const Console& console);
int show_command(const Options& options, const Console& console);
int plan_command(const Options& options, const Console& console);
int run_command(const Options& options, const Console& console);
int compare_command(const Options& options, const Console& console);
int reproduce_command(const Options& options, const Console& console);
int fit_command(const Options& options, const Console& console);
int pack_command(const Options& options, const Console& console);
int profile_command(const Options& options, const Console& console);
int validate_command(const Options& options, const Console& console);
int replay_command(const Options& options, const Console& console);

}  // namespace swaplab
