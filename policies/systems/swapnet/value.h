// What SwapNet's partition is compared by while it is looked for.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>

#include "policies/systems/swapnet/costs.h"

namespace swaplab {

// Time * 2^shift + number of blocks: the least is the quickest, and of equals the one with fewest
// blocks.
using SwapnetValue = std::int64_t;
inline constexpr SwapnetValue kNever = std::numeric_limits<SwapnetValue>::max() / 4;

// One question: which cuts within `budget`, and how many blocks if their number is given.
struct SwapnetProblem {
    const SwapnetCosts& costs;
    std::int64_t budget;
    std::optional<std::uint32_t> blocks;

    std::uint32_t finest() const { return costs.finest(); }
    // Rows count the blocks to go where their number is fixed; else there is row 0 only.
    std::uint32_t rows() const { return blocks.value_or(0) + 1; }
    std::uint32_t last_row() const { return blocks ? 1 : 0; }
    std::uint32_t first_row() const { return blocks.value_or(0); }
    std::uint32_t after(std::uint32_t row) const { return blocks ? row - 1 : 0; }
    std::uint32_t before(std::uint32_t row) const { return blocks ? row + 1 : 0; }
    bool may_end(std::uint32_t row) const { return !blocks || row == 1; }
    bool may_go_on(std::uint32_t row) const { return !blocks || row > 1; }

    int shift() const { return static_cast<int>(std::bit_width(finest() + 1)); }
    SwapnetValue ns(std::int64_t time) const { return time << shift(); }
    // What the first block needs before another one is beside it, or if it is the only one.
    std::int64_t own_peak(std::uint32_t j) const {
        return j < finest() ? costs.first(0, j) : costs.alone(0, finest());
    }
    std::int64_t out_before(std::uint32_t before, std::uint32_t i) const {
        return i == 0 ? 0 : costs.out(before, i);
    }
};

}  // namespace swaplab
