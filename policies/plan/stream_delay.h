// The delay of pipelines that stream layer after layer, by their recurrences, for planning
// (SYSTEMS: Demand Layering, whose `buffer=auto` sweeps them). Mean durations, nothing
// contends, a cold request of that many passes; assembly and release count where they cost
// something.
#pragma once

#include <vector>

#include "policies/port/block.h"
#include "policies/port/deployment.h"

namespace swaplab {

// Through one arena, of which places are given back in the order in which they were taken: a ring,
// or slots. Async: through a host ring and a device ring of `ring` bytes each. Every layer must fit.
Duration two_stage_delay(const std::vector<BlockFacts>& layers, const ArenaPlan& arena,
                         std::uint32_t assemblers, std::uint32_t passes = 1);
Duration async_delay(const std::vector<BlockFacts>& layers, Bytes ring, std::uint32_t assemblers,
                     std::uint32_t passes = 1);

// sum over steps of max(R_t, C_{t-1} + assembly, K_{t-2} + release); the last release is not waited
// for.
Duration sync_delay(const std::vector<BlockFacts>& layers, std::uint32_t passes = 1);

}  // namespace swaplab
