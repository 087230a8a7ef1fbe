#include "hw/torch/run/piece_runner.h"

#include <c10/core/InferenceMode.h>

#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab {

PieceRunner::PieceRunner(std::shared_ptr<const Program> program,
                         const std::vector<StepRange>& pieces, const std::set<std::size_t>& gathers)
    : program_(std::move(program)), live_(program_->values()) {
    for (const StepRange& range : pieces) pieces_.push_back(prepare(range, gathers));
}

PieceRunner::Prepared PieceRunner::prepare(StepRange range,
                                           const std::set<std::size_t>& gathers) const {
    Program::Piece piece = program_->piece(range, gathers);
    Prepared prepared{
        std::move(piece.code), std::move(piece.gathers), {}, std::move(piece.outputs), {}, {}};
    for (const ValueIndex value : piece.inputs) {
        const auto slot = program_->slot_of(value);
        prepared.inputs.push_back(
            {value, slot.has_value(), program_->last_use(value) < range.last});
        if (slot) prepared.slots.push_back(*slot);
        if (!slot) prepared.reads.push_back(value);
    }
    return prepared;
}

void PieceRunner::start(std::vector<c10::IValue> inputs) {
    clear();
    SWAPLAB_CHECK(inputs.size() == program_->lowered().model_inputs, "{} inputs for {}",
                  inputs.size(), program_->lowered().model_inputs);
    // What no piece reads need not live.
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (program_->last_use(static_cast<ValueIndex>(i)) > 0 || program_->size() > 0)
            live_[i] = std::move(inputs[i]);
    }
}

void PieceRunner::run(std::size_t index, const std::vector<at::Tensor>& parameters,
                      const std::vector<at::Tensor>& ids) {
    const Prepared& piece = pieces_[index];
    SWAPLAB_CHECK(parameters.size() == piece.slots.size() && ids.size() == piece.gathers.size(),
                  "{} parameters for {}, {} ids for {}", parameters.size(), piece.slots.size(),
                  ids.size(), piece.gathers.size());
    const c10::InferenceMode inference;
    torch::jit::Stack stack;
    stack.reserve(ids.size() + piece.inputs.size());
    for (const at::Tensor& of_step : ids) stack.emplace_back(of_step);
    std::size_t parameter = 0;
    for (const Input& input : piece.inputs) {
        if (input.parameter) {
            stack.emplace_back(parameters[parameter++]);
        } else if (input.last) {
            stack.push_back(std::exchange(live_[input.value], c10::IValue()));
        } else {
            stack.push_back(live_[input.value]);
        }
    }
    torch::jit::InterpreterState(piece.code).run(stack);
    for (std::size_t i = 0; i < piece.outputs.size(); ++i)
        live_[piece.outputs[i]] = std::move(stack[i]);
}

std::vector<c10::IValue> PieceRunner::outputs() const {
    std::vector<c10::IValue> values;
    for (const ValueIndex output : program_->outputs()) values.push_back(live_[output]);
    return values;
}

void PieceRunner::clear() {
    for (c10::IValue& value : live_) value = c10::IValue();
}

void PieceRunner::for_each_live(
    const std::function<void(ValueIndex, const c10::IValue&)>& visit) const {
    for (std::size_t i = 0; i < live_.size(); ++i) {
        if (!live_[i].isNone()) visit(static_cast<ValueIndex>(i), live_[i]);
    }
}

std::string digest_of(const std::vector<c10::IValue>& outputs) {
    std::vector<std::string> digests;
    for (const c10::IValue& output : outputs) {
        for_each_tensor(output, [&](const at::Tensor& tensor) {
            const at::Tensor whole = tensor.contiguous();
            digests.push_back(
                hex_digest({static_cast<const char*>(whole.data_ptr()), whole.nbytes()}));
        });
    }
    if (digests.size() == 1) return digests.front();
    std::string all;
    for (const std::string& digest : digests) all += digest;
    return hex_digest(all);
}

}  // namespace swaplab
