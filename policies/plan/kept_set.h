// Sets of finest blocks that are kept in memory (SEMANTICS: Kept blocks).
#pragma once

#include <cstddef>
#include <vector>

#include "policies/port/block.h"

namespace swaplab {

// By finest block: whether it is kept. Empty: none is.
using KeptSet = std::vector<bool>;

inline bool keeps(const KeptSet& kept, std::size_t block) { return !kept.empty() && kept[block]; }

}  // namespace swaplab
