// Units: the finest pieces of a model that a cut may address.
#pragma once

#include <compare>
#include <cstdint>

#include "profiles/base/ids.h"

namespace swaplab {

// Neighbouring units [first, last) of one model, in execution order.
struct UnitRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    std::uint32_t size() const { return last - first; }
    // To go through them.
    auto begin() const { return IdIterator<UnitId>({first}); }
    auto end() const { return IdIterator<UnitId>({last}); }

    friend constexpr auto operator<=>(UnitRange, UnitRange) = default;
};

}  // namespace swaplab
