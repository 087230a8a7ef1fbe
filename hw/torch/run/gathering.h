// Which parameters are tables of which a layer looks rows up and needs no more, and which rows
// these are (SEMANTICS: Parameters that are shared, touched, gathered).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "hw/torch/run/program.h"

namespace swaplab {

// The embeddings of these steps, if the parameter of that slot is used by nothing else there, be it
// through a view; empty, if it is. Steps in order.
std::vector<std::size_t> embeddings_of(const Program& program, StepRange steps, std::uint32_t slot);

// Ids by which an embedding looks rows up, computed from the model's inputs: without parameters, so
// that they are known before the pass begins.
class RowIds {
  public:
    // Nothing where they depend on parameters, on a branch, or on what is written in place.
    static std::optional<RowIds> of(const Program& program, std::size_t embedding);

    // One number per row that is looked up, in the shape that the embedding takes; `inputs` are the
    // model's. What LibTorch throws passes through.
    at::Tensor operator()(const std::vector<at::Tensor>& inputs) const;

  private:
    RowIds(torch::jit::Code code, std::vector<ValueIndex> inputs)
        : code_(std::move(code)), inputs_(std::move(inputs)) {}

    torch::jit::Code code_;
    std::vector<ValueIndex> inputs_;  // of the model
};

}  // namespace swaplab
