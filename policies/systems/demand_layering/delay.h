// The delay of Demand Layering's overlapping pipelines by their recurrences, for planning: what
// `buffer=auto` sweeps (Ji et al., RTSS 2022; SYSTEMS: Demand Layering). Mean durations, nothing
// contends, a cold request of that many passes; assembly and release count where they cost
// something.
#pragma once

#include <vector>

#include "policies/port/block.h"

namespace swaplab {

// One ring of `ring` bytes; async: a host ring and a device ring of `ring` bytes each. Every layer
// must fit the ring.
Duration two_stage_delay(const std::vector<BlockFacts>& layers, Bytes ring,
                         std::uint32_t assemblers, std::uint32_t passes = 1);
Duration async_delay(const std::vector<BlockFacts>& layers, Bytes ring, std::uint32_t assemblers,
                     std::uint32_t passes = 1);

// sum over steps of max(R_t, C_{t-1} + assembly, K_{t-2} + release); the last release is not waited
// for.
Duration sync_delay(const std::vector<BlockFacts>& layers, std::uint32_t passes = 1);

}  // namespace swaplab
