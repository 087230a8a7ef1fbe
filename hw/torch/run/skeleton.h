// A model without its weights, and where its layers begin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/torch/run/program.h"

namespace swaplab {

struct Skeleton {
    std::shared_ptr<const Program> program;
    std::vector<StepRange> layers;  // cover all steps, in order
    std::vector<std::string> names;
};

std::string name_of(at::ScalarType type);                    // "float32"
at::ScalarType scalar_type_named(const std::string& dtype);  // throws `InputError`

// Puts an empty tensor in the place of every parameter and buffer of the module but those that are
// kept. Tensors that somebody else holds keep what they have.
void strip(torch::jit::Module& module, const std::vector<KeptAttribute>& kept);

// The stripped module as a file's bytes. What was cut is part of it where it is given, since a
// graph must be cut where it was when it was packed.
std::string write_skeleton(const torch::jit::Module& stripped, const Skeleton* cut);

// The graph of such bytes, lowered as `read_skeleton` will lower it.
Lowered lower_skeleton(const std::string& bytes, const std::string& file);

// Throws `InputError` naming the file where it is not a skeleton of this program and LibTorch.
Skeleton read_skeleton(const std::string& file);

}  // namespace swaplab
