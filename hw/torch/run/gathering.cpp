#include "hw/torch/run/gathering.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/ir/alias_analysis.h>

#include <memory>
#include <set>
#include <unordered_map>

namespace swaplab {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Use;
using torch::jit::Value;

// Who uses a value in some steps, views of parameters followed to where they are made anew.
class Users {
  public:
    Users(const Program& program, StepRange steps) : program_(program), steps_(steps) {}

    void follow(const Value& value, bool is_view) {
        for (const Use& use : value.uses()) {
            const std::size_t place = program_.place_of(use.user);
            if (place < program_.size() && program_.floating(place)) {
                for (const Value* output : program_.step(place).outputs()) follow(*output, true);
            } else if (place >= steps_.first && place < steps_.last) {
                const bool looks_up = !is_view && use.user == &program_.step(place) &&
                                      use.offset == 0 && is_embedding(*use.user);
                if (looks_up)
                    embeddings_.insert(place);
                else
                    otherwise_ = true;
            }
        }
    }
    std::vector<std::size_t> embeddings() const {
        if (otherwise_) return {};
        return {embeddings_.begin(), embeddings_.end()};
    }

  private:
    const Program& program_;
    StepRange steps_;
    std::set<std::size_t> embeddings_;
    bool otherwise_ = false;
};

// Copies what a value is computed from into a graph of its own.
class Extractor {
  public:
    explicit Extractor(const Program& program)
        : program_(program), aliases_(program.lowered().graph) {}

    // False where it is computed from more than the model's inputs.
    bool copy(Value* value) {
        if (copies_.contains(value)) return true;
        if (aliases_.hasWriters(value)) return false;
        Node* const from = value->node();
        if (from->kind() == c10::prim::Param) return copy_input(value);
        if (!from->blocks().empty() || is_embedding(*from)) return false;
        for (Value* input : from->inputs())
            if (!copy(input)) return false;
        Node* const made =
            graph_->createClone(from, [this](Value* input) { return copies_.at(input); });
        graph_->insertNode(made);
        for (std::size_t i = 0; i < from->outputs().size(); ++i)
            copies_[from->outputs()[i]] = made->outputs()[i];
        return true;
    }
    torch::jit::Code code(const Value* value) {
        graph_->registerOutput(copies_.at(value));
        return torch::jit::Code(graph_, "ids");
    }
    const std::vector<ValueIndex>& inputs() const { return inputs_; }

  private:
    bool copy_input(Value* value) {
        const ValueIndex index = program_.index_of(value);
        if (program_.slot_of(index)) return false;
        inputs_.push_back(index);
        copies_[value] = graph_->addInput()->setType(value->type());
        return true;
    }

    const Program& program_;
    torch::jit::AliasDb aliases_;
    std::shared_ptr<Graph> graph_ = std::make_shared<Graph>();
    std::unordered_map<const Value*, Value*> copies_;
    std::vector<ValueIndex> inputs_;
};

}  // namespace

std::vector<std::size_t> embeddings_of(const Program& program, StepRange steps,
                                       std::uint32_t slot) {
    Users users(program, steps);
    const Lowered& lowered = program.lowered();
    users.follow(*lowered.graph->inputs()[lowered.model_inputs + slot], false);
    return users.embeddings();
}

std::optional<RowIds> RowIds::of(const Program& program, std::size_t embedding) {
    Extractor extractor(program);
    Value* const ids = program.step(embedding).input(1);
    if (!extractor.copy(ids)) return std::nullopt;
    return RowIds(extractor.code(ids), extractor.inputs());
}

at::Tensor RowIds::operator()(const std::vector<at::Tensor>& inputs) const {
    const c10::InferenceMode inference;
    torch::jit::Stack stack;
    for (const ValueIndex input : inputs_) stack.emplace_back(inputs[input]);
    torch::jit::InterpreterState(code_).run(stack);
    return stack.front().toTensor().contiguous();
}

}  // namespace swaplab
