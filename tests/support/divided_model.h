// A model whose layers are divided, and the model in which every part is a layer of its own: they
// are to run alike.
#pragma once

#include <cstdint>

#include "profiles/model/model.h"

namespace swaplab::testing {

struct DividedModel {
    ModelPtr divided;      // each layer in `kParts` units
    ModelPtr written_out;  // as many layers as that has units, of the same names
};
inline constexpr std::int64_t kParts = 4;

// A chain without activations whose sizes and work divide evenly, a layer in five without
// parameters. `scale`: the most bytes of a part. With `tokens` a generative one that embeds first.
DividedModel divided_model(std::uint64_t seed, std::uint32_t layers, std::int64_t scale,
                           std::int64_t tokens = 0);

}  // namespace swaplab::testing
