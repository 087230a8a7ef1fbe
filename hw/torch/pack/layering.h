// Where a program is cut into layers.
#pragma once

#include <string>
#include <vector>

#include "hw/torch/run/program.h"
#include "hw/torch/run/skeleton.h"

namespace swaplab {

// A layer begins at every step with work or parameters worth moving by themselves: convolutions,
// matrix products, attention, embeddings, layer norms; and at concatenations, since what they make
// dies before what it is made of, and a layer has one output. What follows (batch norms,
// activations, sums, pools, views) belongs to it. Where a view of a parameter would be alive across
// a cut there is none.
//
// Executes the program once, with the parameters by slot. Throws `InputError` naming `file` and the
// operator that fails, writes into a parameter, or returns one.
Skeleton cut_into_layers(const Lowered& lowered, const std::vector<at::Tensor>& parameters,
                         std::vector<c10::IValue> inputs, const std::string& file);

}  // namespace swaplab
