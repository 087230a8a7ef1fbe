// Which layers of a cut program share parameters with an earlier one, and which store theirs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/torch/run/skeleton.h"
#include "profiles/base/ids.h"

namespace swaplab {

// What a layer uses of an earlier one's.
struct SharedSlot {
    std::uint32_t slot = 0;
    std::uint32_t owner = 0;          // the layer
    std::uint32_t slot_of_owner = 0;  // under which it is stored there
};

struct LayerSlots {
    std::vector<std::uint32_t> stored;
    std::vector<SharedSlot> shared;
    std::vector<LayerId> owners;  // of the shared ones, each once
};

// `slots`: by layer, those that it uses. A layer shares an earlier one that shares nothing itself
// and all of whose tensors it uses, so that no block brings what it does not need; all else is
// stored with each layer that uses it.
std::vector<LayerSlots> share_out(const std::vector<std::vector<std::uint32_t>>& slots,
                                  const std::vector<at::Tensor>& parameters);

// What is used by several layers, for people.
void note_ties(const Skeleton& skeleton, const std::vector<at::Tensor>& parameters,
               const std::vector<std::vector<std::uint32_t>>& slots,
               const std::vector<LayerSlots>& layers, std::vector<std::string>& notes);

}  // namespace swaplab
