// `keep=none|auto|BYTES`, of the policies that can keep blocks in memory.
#pragma once

#include "policies/plan/keep/keep.h"
#include "policies/schedule/parameters.h"

namespace swaplab {

inline constexpr ParameterInfo kKeepParameter{
    "keep", "none|auto|BYTES", "none",
    "blocks that stay between passes and requests, at most so many bytes; auto: what the rest does "
    "not need at least (ours)"};

// Throws `InputError` for a bad value.
Keep read_keep(const PolicyParameters& parameters);

}  // namespace swaplab
