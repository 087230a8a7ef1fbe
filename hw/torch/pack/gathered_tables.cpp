#include "hw/torch/pack/gathered_tables.h"

#include <algorithm>
#include <optional>

#include "hw/torch/run/gathering.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

using Tensors = std::vector<at::Tensor>;

// The layer whose parameters are the table and nothing else.
std::optional<std::uint32_t> table_of(const std::vector<LayerSlots>& layers, std::uint32_t layer) {
    const LayerSlots& slots = layers[layer];
    if (slots.shared.empty()) return layer;
    const std::uint32_t owner = slots.shared.front().owner;
    if (!slots.stored.empty() || layers[owner].stored.size() != 1) return std::nullopt;
    return owner;
}

// The most ids that the layer looks up in a pass; 0 where it needs more of its parameter than rows,
// or where they are not known before.
std::int64_t ids_of(const Skeleton& skeleton, std::uint32_t layer, std::uint32_t slot,
                    const std::vector<Tensors>& inputs) {
    std::vector<std::int64_t> ids(inputs.size());
    for (const std::size_t step : embeddings_of(*skeleton.program, skeleton.layers[layer], slot)) {
        const std::optional<RowIds> of_step = RowIds::of(*skeleton.program, step);
        if (!of_step) return 0;
        for (std::size_t i = 0; i < inputs.size(); ++i) ids[i] += (*of_step)(inputs[i]).numel();
    }
    return std::ranges::max(ids);
}

}  // namespace

void find_gathered_tables(const Skeleton& skeleton, const Tensors& parameters,
                          const std::vector<std::vector<std::uint32_t>>& slots,
                          const std::vector<LayerSlots>& layers, const std::vector<Tensors>& inputs,
                          ModelSpec& spec, std::vector<std::string>& notes) {
    for (std::uint32_t l = 0; l < layers.size(); ++l) {
        const std::optional<std::uint32_t> table = table_of(layers, l);
        if (slots[l].size() != 1 || !table) continue;
        const at::Tensor& parameter = parameters[slots[l].front()];
        if (parameter.dim() != 2) continue;
        const std::int64_t rows = parameter.size(0);
        const std::int64_t ids = ids_of(skeleton, l, slots[l].front(), inputs);
        const std::int64_t touched = std::min(ids, rows);
        const Bytes window = window_of_row({static_cast<std::int64_t>(parameter.nbytes()) / rows});
        const Bytes whole = spec.layers[*table].parameter_bytes;
        if (touched == 0 || touched * window >= whole) continue;
        spec.layers[l].rows = rows;
        spec.layers[l].rows_touched = touched;
        notes.push_back(
            text("{}: a pass looks up {} of {} rows: where its block needs no more, {} "
                 "come in instead of {}",
                 spec.layers[l].name, touched, rows, format_bytes(touched * window),
                 format_bytes(whole)));
    }
}

}  // namespace swaplab
