#include "tests/support/random_model.h"

#include <array>
#include <string>
#include <utility>

namespace swaplab::testing {
namespace {

void add_parameters(Layer& layer, Rng& rng, const ModelShape& shape) {
    if (rng.chance(shape.percent_without_parameters)) return;
    const std::int64_t most = rng.chance(shape.percent_huge) ? 8 * shape.scale : shape.scale;
    layer.parameter_bytes = {rng.between(1, most)};
    layer.parameter_tensors = rng.between(1, 4);
    if (rng.chance(shape.percent_stored))
        layer.stored_bytes = Bytes{rng.between(1, 2 * layer.parameter_bytes.count)};
}

void add_inputs(Layer& layer, std::uint32_t index, Rng& rng, const ModelShape& shape) {
    const auto any_earlier = [&]() -> Source {
        const std::int64_t source = rng.between(-1, static_cast<std::int64_t>(index) - 1);
        if (source < 0) return std::nullopt;
        return LayerId{static_cast<std::uint32_t>(source)};
    };
    layer.inputs.push_back(index == 0 ? Source{} : Source{LayerId{index - 1}});
    if (!rng.chance(shape.percent_branches)) return;
    if (rng.chance(30)) layer.inputs[0] = any_earlier();  // the layer before may stay unread
    if (rng.chance(60)) {
        const Source second = any_earlier();
        if (second != layer.inputs[0]) layer.inputs.push_back(second);
    }
}

}  // namespace

ModelPtr random_model(std::uint64_t seed, const ModelShape& shape) {
    constexpr std::array ops{OpClass::conv2d, OpClass::linear, OpClass::norm, OpClass::other};
    Rng rng(seed);
    ModelSpec spec;
    spec.name = "random-" + std::to_string(seed);
    if (shape.activations) spec.input_bytes = {rng.between(0, shape.scale / 8)};
    const auto layers =
        static_cast<std::uint32_t>(rng.between(shape.least_layers, shape.most_layers));
    for (std::uint32_t i = 0; i < layers; ++i) {
        Layer layer;
        layer.name = "layer" + std::to_string(i);
        layer.op = ops[static_cast<std::size_t>(rng.between(0, ops.size() - 1))];
        add_parameters(layer, rng, shape);
        add_inputs(layer, i, rng, shape);
        layer.macs = rng.between(0, shape.scale / 2);
        layer.other_ops = rng.between(0, shape.scale / 4);
        if (shape.activations) {
            layer.output_bytes = {rng.between(0, shape.scale / 8)};
            if (rng.chance(30)) layer.workspace_bytes = {rng.between(0, shape.scale / 8)};
        }
        if (rng.chance(shape.percent_grouped)) layer.group = "group";
        spec.layers.push_back(std::move(layer));
    }
    return std::make_shared<const Model>(std::move(spec));
}

}  // namespace swaplab::testing
