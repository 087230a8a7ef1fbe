// One row per format: how a mutant of it is made, and what reads it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/mutants/seeds.h"
#include "tests/faults/mutants/words.h"

namespace swaplab::faults {

// Files, and a command that reads them; "@/" in the command stands for their folder.
struct Mutant {
    Files files;
    std::vector<std::string> command;
};

struct Format {
    std::string_view name;
    int share;  // of all mutants, in parts
    Mutant (*mutate)(const Seeds& seeds, Rng& random);
    // Reads what was mutated as the command does. Throws `InputError` if it is refused.
    void (*read)(const std::string& folder, const Mutant& mutant);
};

std::span<const Format> formats();

// The mutant of that number: the same for the same seed and number.
struct Numbered {
    const Format* format = nullptr;
    Mutant mutant;
};
Numbered mutant_of(const Seeds& seeds, std::uint64_t seed, std::uint64_t number,
                   std::string_view only);

}  // namespace swaplab::faults
