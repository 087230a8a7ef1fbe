#include "hw/torch/run/lowered.h"

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
namespace prim = c10::prim;

[[noreturn]] void fail(const std::string& file, const Node& node, const std::string& reason) {
    throw InputError(text("{}: {}: {}", file, described(node), reason));
}

// --- Attributes ---------------------------------------------------------------------------------

// Replaces what the graph takes out of the module: tensors by inputs, everything else by constants.
class Attributes {
  public:
    Attributes(Lowered& lowered, const torch::jit::Module& module, const std::string& file)
        : lowered_(&lowered), file_(&file) {
        modules_[lowered.graph->inputs()[0]] = {module._ivalue(), ""};
    }

    void resolve() {
        std::vector<Node*> reads;
        for_each_node(*lowered_->graph->block(), [&](Node& node) {
            if (node.kind() == prim::GetAttr) reads.push_back(&node);
        });
        for (Node* read : reads) resolve(*read);
        for (auto read = reads.rbegin(); read != reads.rend(); ++read) remove(**read);
        const Value* self = lowered_->graph->inputs()[0];
        if (self->hasUses()) fail_use(*self);
        lowered_->graph->eraseInput(0);
        keep_ids();
    }

  private:
    // Ids of embeddings become constants. In a skeleton of an older program they are empty, and
    // parameters.
    void keep_ids() {
        const std::set<const Value*> ids = sources_of_ids();
        if (ids.empty()) return;
        const torch::jit::AliasDb aliases(lowered_->graph);
        for (std::size_t i = attributes_.size(); i-- > 0;) {
            Value* const input = lowered_->graph->inputs()[lowered_->model_inputs + i];
            if (!ids.contains(input) || aliases.hasWriters(input)) continue;
            if (!is_list_of_ids(lowered_->parameters[i].value)) continue;
            torch::jit::WithInsertPoint at(*lowered_->graph->nodes().begin());
            input->replaceAllUsesWith(
                lowered_->graph->insertConstant(lowered_->parameters[i].value.contiguous()));
            lowered_->graph->eraseInput(lowered_->model_inputs + i);
            lowered_->parameters.erase(lowered_->parameters.begin() +
                                       static_cast<std::ptrdiff_t>(i));
            lowered_->kept.push_back(attributes_[i]);
        }
    }

    static bool is_list_of_ids(const at::Tensor& tensor) {
        constexpr std::size_t kMost = 64 << 10;  // it is always in memory
        return tensor.defined() && tensor.layout() == c10::kStrided && tensor.numel() > 0 &&
               (tensor.scalar_type() == at::kLong || tensor.scalar_type() == at::kInt) &&
               tensor.nbytes() <= kMost;
    }

    std::set<const Value*> sources_of_ids() const {
        std::set<const Value*> all;
        for_each_node(*lowered_->graph->block(), [&](Node& node) {
            if (is_embedding(node))
                for_each_source(*node.input(1), [&](const Value& source) { all.insert(&source); });
        });
        return all;
    }

    struct Owner {
        torch::jit::ModulePtr object;
        std::string path;
    };

    void resolve(Node& read) {
        const auto owner = modules_.find(read.input());
        if (owner == modules_.end()) return;  // of an object that is no module
        const std::string attribute = read.s(c10::attr::name);
        const std::string path =
            owner->second.path.empty() ? attribute : owner->second.path + "." + attribute;
        const c10::IValue value = owner->second.object->getAttr(attribute);
        if (value.isModule()) {
            modules_[read.output()] = {value.toObject(), path};
        } else if (value.isTensor()) {
            read.output()->replaceAllUsesWith(input_of(owner->second, attribute, path, value));
        } else {
            read.output()->replaceAllUsesWith(constant_of(read, path, value));
        }
    }

    Value* input_of(const Owner& owner, const std::string& attribute, const std::string& path,
                    const c10::IValue& value) {
        Value*& input = inputs_[{owner.object.get(), attribute}];
        if (input == nullptr) {
            input = lowered_->graph->addInput()->setType(c10::TensorType::get());
            lowered_->parameters.push_back({path, value.toTensor()});
            attributes_.push_back({owner.object.get(), attribute});
        }
        return input;
    }

    Value* constant_of(Node& read, const std::string& path, const c10::IValue& value) {
        bool tensors = false;
        for_each_tensor(value, [&](const at::Tensor&) { tensors = true; });
        torch::jit::WithInsertPoint at(&read);
        const auto constant = torch::jit::tryInsertConstant(*lowered_->graph, value);
        if (tensors || !constant)
            fail(*file_, read,
                 text("{} is a {}: only tensors of their own can be swapped, and only numbers, "
                      "strings and lists of them be constants",
                      path, value.type()->repr_str()));
        return *constant;
    }

    void remove(Node& read) {
        if (modules_.contains(read.output()) && read.output()->hasUses()) fail_use(*read.output());
        if (!read.output()->hasUses()) read.destroy();
    }

    [[noreturn]] void fail_use(const Value& module) {
        fail(*file_, *module.uses().front().user,
             "a module is used as a whole, not one of its attributes: cannot be cut");
    }

    Lowered* lowered_;
    const std::string* file_;
    std::unordered_map<const Value*, Owner> modules_;
    std::map<std::pair<const void*, std::string>, Value*> inputs_;
    std::vector<KeptAttribute> attributes_;  // by parameter
};

// --- What cannot be executed in pieces ----------------------------------------------------------

// Batch norm that takes its statistics from its input also writes them into its buffers.
bool trains(const Node& node) {
    for (const char* name : {"training", "train"}) {
        const auto* schema = node.maybeSchema();
        if (schema == nullptr || !schema->argumentIndexWithName(name)) continue;
        const auto value = torch::jit::toIValue(node.namedInput(name));
        return !value || !value->isBool() || value->toBool();
    }
    return false;
}

void check(const std::string& file, Node& node) {
    if (node.kind() == prim::SetAttr) fail(file, node, "writes into the module");
    if (node.kind() == prim::CallMethod || node.kind() == prim::CallFunction ||
        node.kind() == prim::PythonOp || node.kind() == prim::fork)
        fail(file, node, "cannot be cut");
    if (trains(node)) fail(file, node, "is in training mode: export the model after eval()");
    if (node.kind() == prim::RaiseException || node.kind() == c10::aten::warn) return;
    if (node.hasSideEffects()) fail(file, node, "has side effects");
    if (node.isNondeterministic())
        fail(file, node, "draws random numbers, so that outputs cannot be compared");
}

}  // namespace

void for_each_node(torch::jit::Block& block, const std::function<void(Node&)>& visit) {
    for (Node* node : block.nodes()) {
        visit(*node);
        for (torch::jit::Block* inner : node->blocks()) for_each_node(*inner, visit);
    }
}

bool is_embedding(const Node& node) {
    return node.kind() == c10::aten::embedding && node.inputs().size() >= 2;
}

void for_each_source(const Value& value, const std::function<void(const Value&)>& visit) {
    std::set<const Value*> seen;
    std::vector<const Value*> open{&value};
    while (!open.empty()) {
        const Value* const next = open.back();
        open.pop_back();
        if (!seen.insert(next).second) continue;
        visit(*next);
        open.insert(open.end(), next->node()->inputs().begin(), next->node()->inputs().end());
    }
}

std::string described(const Node& node) {
    const auto place = node.sourceRange().file_line_col();
    const std::string kind = node.kind().toQualString();
    if (!place) return kind;
    const auto& [source, line, column] = *place;
    return text("{} ({}:{})", kind, std::filesystem::path(source).filename().string(), line);
}

std::string reason_of(const std::exception& error) {
    const auto* from_torch = dynamic_cast<const c10::Error*>(&error);
    std::string what = from_torch ? from_torch->what_without_backtrace() : error.what();
    constexpr std::string_view kMark = "Error: ";  // "RuntimeError: " ends an interpreter's trace
    if (const std::size_t last = what.rfind(kMark); last != std::string::npos)
        what = what.substr(last + kMark.size());
    what = what.substr(0, what.find("\nException raised from"));
    while (!what.empty() && what.back() == '\n') what.pop_back();
    return what.substr(0, what.find('\n'));
}

void for_each_tensor(const c10::IValue& value,
                     const std::function<void(const at::Tensor&)>& visit) {
    value.visit([&](const c10::IValue& inner) {
        if (inner.isTensor() && inner.toTensor().defined()) visit(inner.toTensor());
        return false;
    });
}

torch::jit::Module load_torchscript(const std::string& file, torch::jit::ExtraFilesMap& extra) {
    if (!std::filesystem::is_regular_file(file)) throw InputError(text("{}: no such file", file));
    // Its first runs would be slower and its later ones differently fused.
    torch::jit::getProfilingMode() = false;
    try {
        torch::jit::Module module = torch::jit::load(file, c10::Device(c10::kCPU), extra);
        module.eval();
        if (!module.find_method("forward"))
            throw InputError(text("{}: the module has no method forward", file));
        return module;
    } catch (const InputError&) {
        throw;
    } catch (const std::exception& error) {
        throw InputError(
            text("{}: not a TorchScript file ({}); expected what torch.jit.trace or "
                 "torch.jit.script made and torch.jit.save wrote",
                 file, reason_of(error)));
    }
}

Lowered lower(const torch::jit::Module& module, const std::string& file) {
    Lowered lowered;
    lowered.functions = module._ivalue()->compilation_unit();
    lowered.graph = module.get_method("forward").graph()->copy();
    torch::jit::Inline(*lowered.graph);
    lowered.model_inputs = lowered.graph->inputs().size() - 1;
    Attributes(lowered, module, file).resolve();
    // Branches on what are now constants (`if self.training`) go away.
    torch::jit::ConstantPropagationImmutableTypes(lowered.graph);
    torch::jit::EliminateDeadCode(lowered.graph);
    for_each_node(*lowered.graph->block(), [&](Node& node) { check(file, node); });
    return lowered;
}

std::vector<Node*> top_nodes(Graph& graph) {
    std::vector<Node*> nodes;
    for (Node* node : graph.nodes()) {
        if (node->kind() != prim::Constant) nodes.push_back(node);
    }
    return nodes;
}

}  // namespace swaplab
