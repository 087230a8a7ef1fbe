#include "experiments/measure/cuts.h"

#include <algorithm>

namespace swaplab {

namespace {

// With what its layers share, and tables by rows.
Bytes brought_bytes(const Model& model, UnitRange units, Bytes alignment) {
    Platform platform;
    platform.nodes.emplace_back().memory.alignment = alignment;
    const CostModel cost(model, platform);
    return facts_of(cost, units, SwapPath::zero_copy).held_bytes;
}

}  // namespace

Bytes held_bytes(const Model& model, UnitRange units, Bytes alignment) {
    if (!model.brings_plainly()) return brought_bytes(model, units, alignment);
    Bytes parameters, stored;
    for (const UnitId unit : units) {
        parameters += model.unit(unit).parameter_bytes;
        stored += model.unit(unit).bytes_on_storage;
    }
    return align_up(std::max(parameters, stored), alignment);
}

std::vector<Block> cut_of(const Model& model, Bytes most, Bytes alignment) {
    std::vector<Block> blocks;
    std::optional<UnitRange> open;
    for (const UnitRange& unit : model.finest_blocks()) {
        const UnitRange longer{open ? open->first : unit.first, unit.last};
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

std::vector<Block> whole(const Model& model) { return {model.whole()}; }

std::string label_of(const Model& model, UnitRange units) {
    return units.size() > 1 && units == model.whole() ? model.name() : model.name_of(units);
}

}  // namespace swaplab
