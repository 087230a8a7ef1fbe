// Deployments of policies that treat memory as a cache of the finest blocks.
#pragma once

#include <memory>

#include "policies/plan/block_cache.h"
#include "policies/plan/planner.h"

namespace swaplab {

// All that the budget leaves beside activations is one arena, which holds whatever blocks fit.
std::unique_ptr<Partitioner> make_cached_partitioner(SwapPath path, ReleasedBefore before);

}  // namespace swaplab
