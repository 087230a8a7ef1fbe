// Command lines changed as people mistype them, and as nobody would.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/mutants/words.h"

namespace swaplab::faults {

// One or two edits: numbers become others, words come twice, go, or come from the donor, values of
// `key=value` change, texts that break out.
void mutate_command(std::vector<std::string>& command, const std::vector<std::string>& donor,
                    Rng& random);

}  // namespace swaplab::faults
