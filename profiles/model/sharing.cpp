#include "profiles/model/sharing.h"

#include <algorithm>
#include <numeric>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::int64_t kPage = 4096;

using Fault = std::optional<SharingFault>;

Fault owner_fault(const ModelSpec& spec, std::uint32_t index, LayerId owner) {
    if (owner.index >= index)
        return {{"shares", "a layer shares the parameters of earlier layers"}};
    const Layer& shared = spec.layers[owner.index];
    const std::string name = in_quotes(shared.name);
    if (!shared.shares.empty())
        return {{"shares", text("layer {} shares others' parameters itself: name their owner, {}",
                                name, in_quotes(spec.layers[shared.shares[0].index].name))}};
    if (shared.parameter_bytes.count == 0)
        return {{"shares", text("layer {} has no parameters", name)}};
    if (shared.units > 1)
        return {{"shares", text("layer {} is divided into {} units, and a layer that others share "
                                "comes in whole",
                                name, shared.units)}};
    return std::nullopt;
}

Fault shares_fault(const ModelSpec& spec, std::uint32_t index) {
    const std::vector<LayerId>& shares = spec.layers[index].shares;
    for (auto owner = shares.begin(); owner != shares.end(); ++owner) {
        if (Fault fault = owner_fault(spec, index, *owner)) return fault;
        if (std::find(shares.begin(), owner, *owner) != owner)
            return {{"shares", text("layer {} stands there twice",
                                    in_quotes(spec.layers[owner->index].name))}};
    }
    return std::nullopt;
}

// What the rows are of: the layer's own parameters, or those that it shares.
Fault table_fault(const ModelSpec& spec, const Layer& layer) {
    if (!layer.shares.empty() && (layer.shares.size() > 1 || layer.parameter_bytes.count > 0))
        return {{"rows",
                 "a layer that shares parameters gathers rows of one other layer, and has "
                 "none of its own"}};
    const Layer& table = layer.shares.empty() ? layer : spec.layers[layer.shares[0].index];
    const std::int64_t bytes = table.parameter_bytes.count;
    if (bytes == 0) return {{"rows", "the layer has no parameters to gather"}};
    if (bytes % layer.rows != 0)
        return {{"rows", text("{} rows do not divide the {} parameter bytes", layer.rows, bytes)}};
    if (table.gathers() && table.rows != layer.rows)
        return {{"rows", text("expected {}, the rows of layer {}, found {}", table.rows,
                              in_quotes(table.name), layer.rows)}};
    if (table.bytes_on_storage() < table.parameter_bytes)
        return {{"stored_bytes", text("expected at least the {} parameter bytes: what is stored "
                                      "encoded cannot be read by rows, found {}",
                                      bytes, table.bytes_on_storage().count)}};
    return std::nullopt;
}

Fault rows_fault(const ModelSpec& spec, const Layer& layer) {
    if (layer.rows < 0) return {{"rows", text("expected at least 1, found {}", layer.rows)}};
    if (!layer.gathers()) {
        if (layer.rows_touched) return {{"rows_touched", "needs `rows`, which are missing"}};
        return std::nullopt;
    }
    if (Fault fault = table_fault(spec, layer)) return fault;
    if (layer.touched_bytes)
        return {{"touched_bytes", "follows from `rows` and `rows_touched`: leave it out"}};
    if (layer.rows_touched && (*layer.rows_touched < 1 || *layer.rows_touched > layer.rows))
        return {{"rows_touched",
                 text("expected 1 to the {} rows, found {}", layer.rows, *layer.rows_touched)}};
    return std::nullopt;
}

Fault touched_fault(const Layer& layer) {
    if (!layer.touched_bytes) return std::nullopt;
    if (layer.touched_bytes->count < 0)
        return {
            {"touched_bytes", text("expected at least 0, found {}", layer.touched_bytes->count)}};
    if (layer.touched_bytes->count > 0 && layer.parameter_bytes.count == 0)
        return {{"touched_bytes", "touched_bytes > 0, but parameter_bytes is 0"}};
    return std::nullopt;
}

}  // namespace

std::int64_t share_rounded_up(std::int64_t amount, std::int64_t part, std::int64_t whole) {
    if (part == whole) return amount;
    __extension__ using Wide = __int128;
    return static_cast<std::int64_t>((static_cast<Wide>(amount) * part + whole - 1) / whole);
}

std::int64_t rows_described(const Layer& layer, const ModelSpec& spec) {
    const std::int64_t tokens = std::max<std::int64_t>(1, spec.prompt_tokens);
    return layer.rows_touched.value_or(std::min(layer.rows, tokens));
}

Bytes window_of_row(Bytes row) {
    const std::int64_t worst = row.count - 1 + kPage - std::gcd(row.count, kPage);
    return {kPage * (worst / kPage + 1)};
}

IdVector<LayerId, Bytes> windows_of_tables(const Model& model) {
    IdVector<LayerId, Bytes> windows(model.layer_count());
    for (const LayerId layer : windows.ids())
        if (model.layer(layer).gathers())
            windows[model.table_of(layer)] = model.window_bytes(layer);
    return windows;
}

Bytes touched_whole(const Layer& owner) {
    return owner.gathers() ? owner.parameter_bytes
                           : owner.touched_bytes.value_or(owner.parameter_bytes);
}

Fault sharing_fault(const ModelSpec& spec, std::uint32_t index) {
    const Layer& layer = spec.layers[index];
    if (Fault fault = shares_fault(spec, index)) return fault;
    if (Fault fault = rows_fault(spec, layer)) return fault;
    return touched_fault(layer);
}

}  // namespace swaplab
