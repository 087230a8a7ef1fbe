// Documents changed as somebody who knows the format would change them.
#pragma once

#include <vector>

#include "tests/faults/mutants/tree.h"
#include "tests/faults/mutants/words.h"

namespace swaplab::faults {

// One to three edits. Most keep the shape: numbers become others, values come from the same key of
// another place or of a donor (another document of the format); some break it: other types, keys
// that are missing, twice or unknown, branches moved, deep nesting.
void mutate_tree(Node& root, const std::vector<Node>& donors, Rng& random);

}  // namespace swaplab::faults
