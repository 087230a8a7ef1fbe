// Runs the pieces of a program in order and keeps what lives between them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "hw/torch/run/program.h"

namespace swaplab {

class PieceRunner {
  public:
    // The pieces cover all steps, in order. `gathers`: as `Program::piece` has them.
    PieceRunner(std::shared_ptr<const Program> program, const std::vector<StepRange>& pieces,
                const std::set<std::size_t>& gathers = {});

    std::size_t size() const { return pieces_.size(); }
    // The parameters that a piece takes, in the order in which `run` wants them.
    const std::vector<std::uint32_t>& slots(std::size_t piece) const {
        return pieces_[piece].slots;
    }

    // The steps of a piece that take their ids from outside, likewise.
    const std::vector<std::size_t>& gathers(std::size_t piece) const {
        return pieces_[piece].gathers;
    }

    // Begins a run: drops what the one before left.
    void start(std::vector<c10::IValue> inputs);
    // A value is dropped inside of the piece that uses it last. What LibTorch throws passes
    // through.
    void run(std::size_t piece, const std::vector<at::Tensor>& parameters,
             const std::vector<at::Tensor>& ids = {});
    // After the last piece.
    std::vector<c10::IValue> outputs() const;
    void clear();

    // What the next pieces will find.
    void for_each_live(const std::function<void(ValueIndex, const c10::IValue&)>& visit) const;
    // What a piece takes besides parameters.
    const std::vector<ValueIndex>& reads(std::size_t piece) const { return pieces_[piece].reads; }
    const c10::IValue& live(ValueIndex value) const { return live_[value]; }

  private:
    struct Input {
        ValueIndex value = 0;
        bool parameter = false;
        bool last = false;  // nobody needs it after this piece
    };
    struct Prepared {
        torch::jit::Code code;
        std::vector<std::size_t> gathers;
        std::vector<Input> inputs;
        std::vector<ValueIndex> outputs;
        std::vector<std::uint32_t> slots;
        std::vector<ValueIndex> reads;
    };

    Prepared prepare(StepRange range, const std::set<std::size_t>& gathers) const;

    std::shared_ptr<const Program> program_;
    std::vector<Prepared> pieces_;
    std::vector<c10::IValue> live_;  // by value
};

// `hex_digest` over the bytes of the tensor in the outputs; of several tensors, over their digests.
std::string digest_of(const std::vector<c10::IValue>& outputs);

}  // namespace swaplab
