// What may be asked for and takes its time: a million tokens are no fault. Numbers that say how
// much is to be done are cut to what is done in a second; what is refused stays.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/mutants/tree.h"

namespace swaplab::faults {

void tame(Node& document);
void tame(std::vector<std::string>& command);

}  // namespace swaplab::faults
