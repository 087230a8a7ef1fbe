#include "experiments/measure/cuts.h"

#include <algorithm>

namespace swaplab {

Bytes held_bytes(const Model& model, LayerRange layers, Bytes alignment) {
    Bytes parameters, stored;
    for (std::uint32_t l = layers.first; l < layers.last; ++l) {
        parameters += model.layer({l}).parameter_bytes;
        stored += model.layer({l}).bytes_on_storage();
    }
    return align_up(std::max(parameters, stored), alignment);
}

std::vector<Block> cut_of(const Model& model, Bytes most, Bytes alignment) {
    std::vector<Block> blocks;
    std::optional<LayerRange> open;
    for (const LayerRange& unit : model.units()) {
        const LayerRange longer{open ? open->first : unit.first, unit.last};
        if (open && held_bytes(model, longer, alignment) > most) {
            blocks.push_back(*open);
            open = unit;
        } else {
            open = longer;
        }
    }
    if (open) blocks.push_back(*open);
    return blocks;
}

std::vector<Block> whole(const Model& model) { return {{0, model.size()}}; }

std::string label_of(const Model& model, LayerRange layers) {
    const std::string& first = model.layers()[layers.first].name;
    if (layers.last - layers.first == 1) return first;
    if (layers.first == 0 && layers.last == model.size()) return model.name();
    return first + ".." + model.layers()[layers.last - 1].name;
}

}  // namespace swaplab
