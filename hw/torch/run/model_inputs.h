// Inputs of a model as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "hw/storage/pack.h"

namespace swaplab {

// The seed that input i of a pack is drawn with, at packing and at every execution.
constexpr std::uint64_t seed_of_input(std::uint32_t input) { return input; }

// One tensor per input, in the order in which `forward` takes them. Throws `InputError` for an
// unknown dtype.
std::vector<at::Tensor> model_inputs(const std::vector<PackedInput>& inputs, std::uint64_t seed);

}  // namespace swaplab
