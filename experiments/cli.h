// The command line as a function, so that tests can call it.
#pragma once

#include <ostream>

#include "experiments/shell/console.h"

namespace swaplab {

// Runs one command and returns its exit code (FORMATS: Exit codes). Data goes to `out`,
// messages and progress to `err`. Throws `std::bad_alloc` only.
int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
            const Terminal& terminal = {});

}  // namespace swaplab
