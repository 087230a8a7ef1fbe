// The commands as a table.
#pragma once

#include <vector>

#include "experiments/shell/command.h"

namespace swaplab {

// In the order in which --help lists them.
std::vector<CliCommand> commands();

}  // namespace swaplab
