// Parameters that layers share, and tables that are gathered by rows: what of them makes sense, and
// how much of them a pass takes (SEMANTICS: Parameters that are shared, touched, gathered).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "profiles/base/id_vector.h"
#include "profiles/base/ids.h"
#include "profiles/model/model.h"

namespace swaplab {

// amount * part / whole, rounded up (> 0 where `amount` is), in more than 64 bits.
std::int64_t share_rounded_up(std::int64_t amount, std::int64_t part, std::int64_t whole);

// The rows that a gathering layer touches in the pass that the layers describe.
std::int64_t rows_described(const Layer& layer, const ModelSpec& spec);

// The most pages of 4 KiB that a row of these bytes can lie in, as bytes.
Bytes window_of_row(Bytes row);

// By layer: what a row takes where the layer's table comes in by rows; 0 where nobody gathers rows
// of its parameters.
IdVector<LayerId, Bytes> windows_of_tables(const Model& model);

// What another layer that needs all of the owner's parameters reads of them.
Bytes touched_whole(const Layer& owner);

// Why the layer's `shares`, `touched_bytes`, `rows` and `rows_touched` make no sense, and at which
// of these keys; nothing if they do. Layers before it are checked.
struct SharingFault {
    std::string_view key;
    std::string message;
};
std::optional<SharingFault> sharing_fault(const ModelSpec& spec, std::uint32_t layer);

}  // namespace swaplab
