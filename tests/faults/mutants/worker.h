// Mutants in processes that may die: a worker runs a span of them, says after each what came of it,
// and a new one goes on behind the mutant that killed it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/faults/mutants/formats.h"

namespace swaplab::faults {

struct Task {
    std::uint64_t seed = 1;
    std::uint64_t first = 0, count = 0;  // numbers of mutants
    std::string only;                    // a format; empty: all
    int workers = 1;
    unsigned seconds = 10;  // that a mutant may take
    std::string failures;   // a folder: what failed goes below it
};

// Runs all and prints a table with what came of them, and each that failed. True if none did and at
// least 40 % passed their readers: others reach nothing behind those.
bool run_mutants(const Seeds& seeds, const Task& task);

}  // namespace swaplab::faults
