#include "hw/torch/pack/layer_measurement.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <optional>

#include "hw/torch/run/cpu_allocator.h"
#include "hw/torch/run/metered_memory.h"
#include "hw/torch/run/piece_runner.h"

namespace swaplab {
namespace {

class Measurement {
  public:
    Measurement(const Skeleton& skeleton, const std::vector<at::Tensor>& parameters)
        : runner_(skeleton.program, skeleton.layers),
          parameters_(&parameters),
          input_owner_(static_cast<std::uint32_t>(skeleton.layers.size())) {}

    MeasuredRun run(const std::vector<at::Tensor>& inputs, bool count) {
        MeasuredRun measured;
        std::optional<OpCounter> counter;
        if (count) counter.emplace();
        start(inputs);
        measured.input = memory_.in_use();
        for (std::uint32_t i = 0; i < runner_.size(); ++i) {
            MeasuredLayer layer;
            note_reads(i, layer);
            if (counter) counter->take();
            run(i);
            if (counter) layer.work = counter->take();
            layer.peak = memory_.peak();
            layer.output = memory_.held_by(i);
            measured.layers.push_back(std::move(layer));
        }
        note_results(measured.layers.back());
        measured.digest = digest_of(runner_.outputs());
        runner_.clear();
        return measured;
    }

  private:
    void start(const std::vector<at::Tensor>& inputs) {
        const ActivationScope scope(memory_);
        memory_.begin(input_owner_);
        std::vector<c10::IValue> copies;
        for (const at::Tensor& input : inputs)
            copies.emplace_back(at::empty(input.sizes(), input.options()).copy_(input));
        runner_.start(std::move(copies));
    }

    void run(std::uint32_t layer) {
        std::vector<at::Tensor> parameters;
        for (const std::uint32_t slot : runner_.slots(layer))
            parameters.push_back((*parameters_)[slot]);
        const ActivationScope scope(memory_);
        memory_.begin(layer);
        runner_.run(layer, parameters);
    }

    void note(const c10::IValue& value, MeasuredLayer& layer) const {
        for_each_tensor(value, [&](const at::Tensor& tensor) {
            const auto owner = memory_.owner_of(tensor.storage().data());
            if (owner == input_owner_)
                layer.reads_input = true;
            else if (owner)
                layer.reads.insert(*owner);
        });
    }

    void note_reads(std::uint32_t index, MeasuredLayer& layer) const {
        for (const ValueIndex value : runner_.reads(index)) note(runner_.live(value), layer);
    }

    // The results of the model stay alive to its end: the last layer reads those made before.
    void note_results(MeasuredLayer& last) const {
        for (const c10::IValue& output : runner_.outputs()) note(output, last);
        last.reads.erase(static_cast<std::uint32_t>(runner_.size() - 1));
    }

    MeteredMemory memory_;  // outlives what the runner holds
    PieceRunner runner_;
    const std::vector<at::Tensor>* parameters_;
    std::uint32_t input_owner_;
};

}  // namespace

MeasuredRun measure_layers(const Skeleton& skeleton, const std::vector<at::Tensor>& parameters,
                           const std::vector<at::Tensor>& inputs) {
    Measurement measurement(skeleton, parameters);
    const MeasuredRun first = measurement.run(inputs, true);
    MeasuredRun second = measurement.run(inputs, false);
    for (std::size_t i = 0; i < second.layers.size(); ++i)
        second.layers[i].work = first.layers[i].work;
    return second;
}

}  // namespace swaplab
