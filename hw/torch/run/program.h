// A lowered graph as a sequence of steps, and pieces of it that run by themselves.
#pragma once

#include <torch/csrc/jit/runtime/interpreter.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "hw/torch/run/lowered.h"

namespace swaplab {

// Values and steps of a `Program`, by index.
using ValueIndex = std::uint32_t;

struct StepRange {
    std::size_t first = 0;
    std::size_t last = 0;  // one past the end
};

// Steps are the nodes of the graph that are no constants. Some of them are `floating`: views of
// parameters, made anew in each piece that uses them, as constants are, since a view must not
// outlive the parameters of its piece.
class Program {
  public:
    Program(Lowered lowered, std::vector<bool> floating);

    const Lowered& lowered() const { return lowered_; }
    std::size_t size() const { return steps_.size(); }
    torch::jit::Node& step(std::size_t index) const { return *steps_[index]; }
    bool floating(std::size_t step) const { return floating_[step]; }

    // The graph inputs first: the model's, then the parameters.
    std::size_t values() const { return values_.size(); }
    ValueIndex index_of(const torch::jit::Value* value) const { return indices_.at(value); }
    std::optional<std::uint32_t> slot_of(ValueIndex value) const;
    // The step after which nobody needs the value any more: `size()` for outputs of the model.
    std::size_t last_use(ValueIndex value) const { return last_use_[value]; }
    const std::vector<ValueIndex>& outputs() const { return outputs_; }

    // The step that a node belongs to, be it deep inside of branches; `size()` is what returns the
    // model's outputs.
    std::size_t place_of(const torch::jit::Node* user) const;

    // A piece as a graph of its own, ready to run.
    struct Piece {
        torch::jit::Code code;
        std::vector<std::size_t> gathers;  // steps whose ids the code takes first
        std::vector<ValueIndex> inputs;    // in the order in which the code takes them then
        std::vector<ValueIndex> outputs;   // used behind the piece
    };
    // Steps of `gathers`, embeddings all, take their ids from outside, whatever the program
    // computes: a table of which rows came in has others.
    Piece piece(StepRange range, const std::set<std::size_t>& gathers) const;

  private:
    class Cutter;

    void note_uses();

    Lowered lowered_;
    std::vector<torch::jit::Node*> steps_;
    std::vector<bool> floating_;
    std::unordered_map<const torch::jit::Node*, std::size_t> step_indices_;
    std::vector<const torch::jit::Value*> values_;
    std::unordered_map<const torch::jit::Value*, ValueIndex> indices_;
    std::vector<std::size_t> last_use_;
    std::vector<ValueIndex> outputs_;
};

}  // namespace swaplab
