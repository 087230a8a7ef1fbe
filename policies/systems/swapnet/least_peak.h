// The least that any partition needs: SwapNet's smallest budget.
#pragma once

#include <optional>

#include "policies/systems/swapnet/costs.h"

namespace swaplab {

// Over all partitions, or those into so many blocks, the least of what the largest pair needs.
std::int64_t least_peak(const SwapnetCosts& costs, std::optional<std::uint32_t> blocks);

}  // namespace swaplab
