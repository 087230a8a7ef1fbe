#include "hw/torch/run/program.h"

#include <algorithm>
#include <map>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

Program::Program(Lowered lowered, std::vector<bool> floating)
    : lowered_(std::move(lowered)),
      steps_(top_nodes(*lowered_.graph)),
      floating_(std::move(floating)) {
    floating_.resize(steps_.size());
    const auto add = [this](const Value* value) {
        indices_.emplace(value, static_cast<ValueIndex>(values_.size()));
        values_.push_back(value);
    };
    for (const Value* input : lowered_.graph->inputs()) add(input);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        step_indices_.emplace(steps_[i], i);
        for (const Value* output : steps_[i]->outputs()) add(output);
    }
    note_uses();
}

std::optional<std::uint32_t> Program::slot_of(ValueIndex value) const {
    if (value < lowered_.model_inputs) return std::nullopt;
    const std::size_t slot = value - lowered_.model_inputs;
    if (slot >= lowered_.parameters.size()) return std::nullopt;
    return static_cast<std::uint32_t>(slot);
}

std::size_t Program::place_of(const Node* user) const {
    while (user->owningBlock() != lowered_.graph->block()) user = user->owningBlock()->owningNode();
    const auto found = step_indices_.find(user);
    return found == step_indices_.end() ? size() : found->second;
}

void Program::note_uses() {
    last_use_.assign(values_.size(), 0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
        for (const torch::jit::Use& use : values_[i]->uses())
            last_use_[i] = std::max(last_use_[i], place_of(use.user));
    }
    for (const Value* output : lowered_.graph->outputs()) {
        const auto found = indices_.find(output);
        const bool made =
            found != indices_.end() && !slot_of(found->second) &&
            !(found->second >= lowered_.model_inputs && floating_[place_of(output->node())]);
        if (!made) throw InputError("an output of the model is a constant or a parameter");
        outputs_.push_back(found->second);
    }
}

// Copies a range of steps into a graph of its own.
class Program::Cutter {
  public:
    Cutter(const Program& program, StepRange range, const std::set<std::size_t>& gathers)
        : program_(program), range_(range) {
        for (auto step = gathers.lower_bound(range.first);
             step != gathers.end() && *step < range.last; ++step)
            ids_[*step] = graph_->addInput()->setType(c10::TensorType::get());
    }

    Piece cut() {
        for (std::size_t i = range_.first; i < range_.last; ++i) {
            if (!program_.floating_[i]) copy(program_.steps_[i]);
        }
        Piece piece;
        for (const auto& [step, ids] : ids_) piece.gathers.push_back(step);
        for (std::size_t i = range_.first; i < range_.last; ++i) {
            if (!program_.floating_[i]) add_outputs(piece, *program_.steps_[i]);
        }
        piece.inputs = std::move(inputs_);
        piece.code = torch::jit::Code(graph_, "block");
        return piece;
    }

  private:
    void copy(Node* node) {
        Node* made = graph_->createClone(node, [this](Value* value) { return find(value); });
        graph_->insertNode(made);
        // What the program would have taken stays an input of the piece, which drops it.
        if (const auto step = program_.step_indices_.find(node);
            step != program_.step_indices_.end() && ids_.contains(step->second))
            made->replaceInput(1, ids_.at(step->second));
        for (std::size_t i = 0; i < node->outputs().size(); ++i)
            copies_[node->outputs()[i]] = made->outputs()[i];
    }

    // The value's counterpart here: made already, made anew (constants and views of parameters),
    // or an input.
    Value* find(Value* value) {
        if (const auto found = copies_.find(value); found != copies_.end()) return found->second;
        Node* from = value->node();
        const auto step = program_.step_indices_.find(from);
        const bool anew =
            from->kind() == c10::prim::Constant ||
            (step != program_.step_indices_.end() && program_.floating_[step->second]);
        if (anew) {
            copy(from);
            return copies_.at(value);
        }
        inputs_.push_back(program_.index_of(value));
        return copies_[value] = graph_->addInput()->setType(value->type());
    }

    void add_outputs(Piece& piece, const Node& node) {
        for (const Value* output : node.outputs()) {
            const ValueIndex index = program_.index_of(output);
            if (program_.last_use(index) < range_.last) continue;
            piece.outputs.push_back(index);
            graph_->registerOutput(copies_.at(output));
        }
    }

    const Program& program_;
    StepRange range_;
    std::shared_ptr<Graph> graph_ = std::make_shared<Graph>();
    std::map<std::size_t, Value*> ids_;  // by step
    std::unordered_map<const Value*, Value*> copies_;
    std::vector<ValueIndex> inputs_;
};

Program::Piece Program::piece(StepRange range, const std::set<std::size_t>& gathers) const {
    return Cutter(*this, range, gathers).cut();
}

}  // namespace swaplab
