// Units: the finest pieces of a model that a cut may address. A layer is one, or divided for good
// into equal parts, each of which is one.
#pragma once

#include <compare>
#include <cstdint>

#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

// The most units of a layer, and of a model.
inline constexpr std::int64_t kMostUnitsOfLayer = std::int64_t{1} << 16;
inline constexpr std::int64_t kMostUnits = std::int64_t{1} << 20;

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

// Which part of its layer a unit is: `number` of `of`, from 0 on.
struct LayerPart {
    std::uint32_t number = 0;
    std::uint32_t of = 1;

    bool is_last() const { return number + 1 == of; }
};

// What a part has of an amount that the layer has (at least 0): the difference of neighbours among
// floor(amount * i / parts), so that the parts add up to the whole.
std::int64_t share_of(std::int64_t amount, LayerPart part);
inline Bytes share_of(Bytes amount, LayerPart part) { return {share_of(amount.count, part)}; }

// What a unit holds, computes, reads and writes.
struct Unit {
    LayerId layer;
    LayerPart part;
    Bytes parameter_bytes;
    Bytes bytes_on_storage;
    Bytes touched_bytes;  // that its execution reads of parameters, those that it shares included
    std::int64_t parameter_tensors = 0;  // of the layer: every part has a piece of each
    std::int64_t flops = 0;
    Bytes activation_bytes;    // what it reads, and what it writes
    Bytes kv_bytes_per_token;  // of the layer, at its last part
};

}  // namespace swaplab
