// A TorchScript module as one flat graph whose parameters are inputs: what "lowering" means here.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace swaplab {

struct LoweredParameter {
    std::string name;  // its path in the module: "features.0.weight"
    at::Tensor value;
};

// A tensor of the module that is no parameter but a constant: a small list of ids, of positions for
// example, by which rows of tables are looked up. Which rows a pass touches must be known before
// anything of it is in memory.
struct KeptAttribute {
    const void* module = nullptr;  // the object that has it
    std::string name;

    friend bool operator==(const KeptAttribute&, const KeptAttribute&) = default;
};

// Which slot a parameter has is its place in `parameters`; the same file always gets the same graph
// and the same slots.
struct Lowered {
    // What the graph's nodes were inlined from: they refer to it where they tell of an error.
    std::shared_ptr<torch::jit::CompilationUnit> functions;
    std::shared_ptr<torch::jit::Graph> graph;  // inputs: the model's, then the parameters
    std::vector<LoweredParameter> parameters;
    std::vector<KeptAttribute> kept;
    std::size_t model_inputs = 0;
};

// Ready for inference. Extra files named in `extra` are filled in. Throws `InputError`.
torch::jit::Module load_torchscript(const std::string& file, torch::jit::ExtraFilesMap& extra);

// Whether the node looks rows of a table up: its first input, by ids, its second.
bool is_embedding(const torch::jit::Node& node);

// Calls `visit` with every value that this one is computed from, itself included.
void for_each_source(const torch::jit::Value& value,
                     const std::function<void(const torch::jit::Value&)>& visit);

// Like LibTorch's `LowerGraph`, but attributes that are not tensors become constants (LowerGraph
// refuses them) and every parameter knows its name. Throws `InputError` naming the operator and
// where it stands if the graph cannot be executed in pieces, or not twice with the same result.
Lowered lower(const torch::jit::Module& module, const std::string& file);

// The nodes of the graph in order of execution, without constants.
std::vector<torch::jit::Node*> top_nodes(torch::jit::Graph& graph);

// Every node, those inside of branches and loops included.
void for_each_node(torch::jit::Block& block, const std::function<void(torch::jit::Node&)>& visit);

// "aten::conv2d (model.py:12)".
std::string described(const torch::jit::Node& node);

// The part of LibTorch's long messages that says what is wrong.
std::string reason_of(const std::exception& error);

// Every tensor inside of a value: of lists, tuples, dictionaries.
void for_each_tensor(const c10::IValue& value, const std::function<void(const at::Tensor&)>& visit);

}  // namespace swaplab
