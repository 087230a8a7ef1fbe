// How a model is cut for measuring: fine, coarse and in between.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/port/block.h"
#include "profiles/model/model.h"

namespace swaplab {

// Neighbouring units put together while their bytes in memory stay within `most`; a unit that is
// larger stands alone.
std::vector<Block> cut_of(const Model& model, Bytes most, Bytes alignment);

// As one block; the whole model.
std::vector<Block> whole(const Model& model);

// What measurement files call a block: its layer, "first..last", or the model's name.
std::string label_of(const Model& model, UnitRange units);

// What a block takes in memory.
Bytes held_bytes(const Model& model, UnitRange units, Bytes alignment);

}  // namespace swaplab
