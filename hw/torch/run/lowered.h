// A TorchScript module as one flat graph whose parameters are inputs: what "lowering" means here.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <string>
#include <vector>

#include "hw/torch/script/script.h"

namespace swaplab {

struct LoweredParameter {
    std::string name;  // its path in the module: "features.0.weight"
    at::Tensor value;
};

// Which slot a parameter has is its place in `parameters`; the same file always gets the same graph
// and the same slots.
struct Lowered {
    // What the graph's nodes were inlined from: they refer to it where they tell of an error.
    std::shared_ptr<torch::jit::CompilationUnit> functions;
    std::shared_ptr<torch::jit::Graph> graph;  // inputs: the model's, then the parameters
    std::vector<LoweredParameter> parameters;
    std::size_t model_inputs = 0;
};

// Like LibTorch's `LowerGraph`, but attributes that are not tensors become constants (LowerGraph
// refuses them) and every parameter knows its name. Throws `InputError` naming the operator and
// where it stands if the graph cannot be executed in pieces, or not twice with the same result.
Lowered lower(const torch::jit::Module& module, const std::string& file);

// The nodes of the graph in order of execution, without constants.
std::vector<torch::jit::Node*> top_nodes(torch::jit::Graph& graph);

}  // namespace swaplab
