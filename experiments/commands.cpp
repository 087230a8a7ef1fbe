#include "experiments/commands.h"

namespace swaplab {

// Each is made in a file of its own, which nobody else needs to see.
CliCommand list_command();
CliCommand show_command();
CliCommand plan_command();
CliCommand run_command();
CliCommand compare_command();
CliCommand reproduce_command();
CliCommand fit_command();
CliCommand pack_command();
CliCommand profile_command();
CliCommand validate_command();
CliCommand replay_command();
CliCommand sweep_command();
CliCommand status_command();
CliCommand merge_command();

std::vector<CliCommand> commands() {
    return {list_command(),    show_command(),      plan_command(),   run_command(),
            compare_command(), reproduce_command(), fit_command(),    pack_command(),
            profile_command(), validate_command(),  replay_command(), sweep_command(),
            status_command(),  merge_command()};
}

}  // namespace swaplab
