// Which layers of a packed model gather rows of a table (FORMATS: Model file).
#pragma once

#include <string>
#include <vector>

#include "hw/torch/pack/shared_slots.h"
#include "hw/torch/run/skeleton.h"
#include "profiles/model/model.h"

namespace swaplab {

// Sets `rows` and `rows_touched` of the layers that do nothing with their only parameter, or the
// only one of a layer that they share, but look rows up whose ids are known before a pass; where
// these take fewer bytes than the table. `slots` and `layers`: by layer, what it uses, and of that
// what it stores and shares; `inputs`: drawn ones. Tells what it found.
void find_gathered_tables(const Skeleton& skeleton, const std::vector<at::Tensor>& parameters,
                          const std::vector<std::vector<std::uint32_t>>& slots,
                          const std::vector<LayerSlots>& layers,
                          const std::vector<std::vector<at::Tensor>>& inputs, ModelSpec& spec,
                          std::vector<std::string>& notes);

}  // namespace swaplab
