#include "profiles/models/architecture.h"

#include <algorithm>
#include <utility>

#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::int64_t kElementBytes = 4;  // float32
constexpr std::int64_t kBatchNormOps = 2;
constexpr std::int64_t kSoftmaxOps = 6;
constexpr std::int64_t kSigmoidOps = 4;
constexpr std::int64_t kLayerNormOps = 8;
constexpr std::int64_t kBilinearOps = 7;
constexpr std::int64_t kBatchNormVectors = 4;  // scale, shift, running mean, running variance

std::int64_t operations(Activation activation) {
    switch (activation) {
        case Activation::none: return 0;
        case Activation::relu:
        case Activation::tanh: return 1;
        case Activation::leaky_relu: return 2;
        case Activation::mish:
        case Activation::gelu: return 5;
        case Activation::gelu_tanh: return 9;
        case Activation::sigmoid: return kSigmoidOps;
    }
    return 0;
}

Bytes float32(std::int64_t elements) { return {elements * kElementBytes}; }

Layer layer_of(OpClass op, std::string name) {
    Layer layer;
    layer.name = std::move(name);
    layer.op = op;
    return layer;
}

// Windows of a convolution or a pool along one side.
std::int64_t windows(std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                     std::int64_t padding) {
    return (extent + 2 * padding - kernel) / stride + 1;
}

Shape shared(const Shape& a, const Shape& b) {
    return {std::min(a.channels, b.channels), std::min(a.height, b.height),
            std::min(a.width, b.width)};
}

}  // namespace

Tensor flattened(const Tensor& x) { return {x.from, {.channels = x.shape.elements()}}; }

Tensor first_position(const Tensor& x) { return {x.from, {.channels = x.shape.channels}}; }

Architecture::Architecture(std::string name, const std::string& source, Shape input)
    : input_{std::nullopt, input} {
    spec_.name = std::move(name);
    spec_.source = text("{}, 1x{}x{}x{}", source, input.channels, input.height, input.width);
    spec_.input_bytes = float32(input.elements());
}

Architecture::Architecture(std::string name, const std::string& source, std::int64_t tokens)
    : input_{std::nullopt, {.channels = 1, .height = tokens}} {
    spec_.name = std::move(name);
    spec_.source = text("{}, {} tokens", source, tokens);
    spec_.input_bytes = {tokens * static_cast<std::int64_t>(sizeof(std::int64_t))};
}

Tensor Architecture::append(Layer layer, const std::vector<Tensor>& inputs, Shape output) {
    for (const Tensor& input : inputs) layer.inputs.push_back(input.from);
    layer.output_bytes = float32(output.elements());
    spec_.layers.push_back(std::move(layer));
    return {LayerId{static_cast<std::uint32_t>(spec_.layers.size() - 1)}, output};
}

Tensor Architecture::convolution(std::string name, const Tensor& x, const Convolution& c) {
    const Shape out{c.filters, windows(x.shape.height, c.kernel, c.stride, c.padding),
                    windows(x.shape.width, c.kernel, c.stride, c.padding)};
    const std::int64_t window = c.kernel * c.kernel * x.shape.channels;
    const std::int64_t vectors = c.batch_norm ? kBatchNormVectors : 1;
    Layer layer = layer_of(OpClass::conv2d, std::move(name));
    layer.parameter_bytes = float32((window + vectors) * c.filters);
    layer.parameter_tensors = 1 + vectors;
    layer.macs = window * out.elements();
    layer.other_ops =
        ((c.batch_norm ? kBatchNormOps : 0) + operations(c.activation)) * out.elements();
    layer.gemm = {out.positions(), window, c.filters};
    return append(std::move(layer), {x}, out);
}

Tensor Architecture::linear(std::string name, const Tensor& x, const Linear& l) {
    const Shape out{l.outputs, x.shape.height, x.shape.width};
    Layer layer = layer_of(OpClass::linear, std::move(name));
    layer.parameter_bytes = float32((x.shape.channels + (l.bias ? 1 : 0)) * l.outputs);
    layer.parameter_tensors = (l.bias ? 2 : 1) * l.matrices;
    layer.macs = x.shape.channels * out.elements();
    layer.other_ops = operations(l.activation) * out.elements();
    layer.gemm = {out.positions(), x.shape.channels, l.outputs};
    return append(std::move(layer), {x}, out);
}

Tensor Architecture::tied_linear(std::string name, const Tensor& x, std::int64_t outputs,
                                 const Tensor& table) {
    const Tensor y = linear(std::move(name), x, {.outputs = outputs, .bias = false});
    spec_.layers.back().parameter_bytes = {};
    spec_.layers.back().parameter_tensors = 0;
    spec_.layers.back().shares = {*table.from};
    return y;
}

Tensor Architecture::max_pool(std::string name, const Tensor& x, const Pool& p) {
    const Shape out{x.shape.channels, windows(x.shape.height, p.kernel, p.stride, p.padding),
                    windows(x.shape.width, p.kernel, p.stride, p.padding)};
    Layer layer = layer_of(OpClass::pool, std::move(name));
    layer.other_ops = p.kernel * p.kernel * out.elements();
    return append(std::move(layer), {x}, out);
}

Tensor Architecture::average_pool(std::string name, const Tensor& x, std::int64_t size) {
    Layer layer = layer_of(OpClass::pool, std::move(name));
    layer.other_ops = x.shape.elements();
    return append(std::move(layer), {x}, {x.shape.channels, size, size});
}

Tensor Architecture::add(std::string name, const Tensor& a, const Tensor& b,
                         Activation activation) {
    Layer layer = layer_of(OpClass::elementwise, std::move(name));
    layer.other_ops =
        shared(a.shape, b.shape).elements() + operations(activation) * a.shape.elements();
    return append(std::move(layer), {a, b}, a.shape);
}

Tensor Architecture::concatenate(std::string name, const std::vector<Tensor>& parts) {
    Shape out{0, parts.front().shape.height, parts.front().shape.width};
    for (const Tensor& part : parts) out.channels += part.shape.channels;
    return append(layer_of(OpClass::other, std::move(name)), parts, out);
}

Tensor Architecture::upsample(std::string name, const Tensor& x, std::int64_t factor) {
    const Shape out{x.shape.channels, x.shape.height * factor, x.shape.width * factor};
    return append(layer_of(OpClass::other, std::move(name)), {x}, out);
}

Tensor Architecture::interpolate(std::string name, const Tensor& x, std::int64_t size) {
    const Shape out{x.shape.channels, size, size};
    Layer layer = layer_of(OpClass::other, std::move(name));
    layer.other_ops = kBilinearOps * out.elements();
    return append(std::move(layer), {x}, out);
}

Tensor Architecture::softmax(std::string name, const Tensor& x) {
    Layer layer = layer_of(OpClass::other, std::move(name));
    layer.other_ops = kSoftmaxOps * x.shape.elements();
    return append(std::move(layer), {x}, x.shape);
}

Tensor Architecture::layer_norm(std::string name, const Tensor& x) {
    Layer layer = layer_of(OpClass::norm, std::move(name));
    layer.parameter_bytes = float32(2 * x.shape.channels);
    layer.parameter_tensors = 2;
    layer.other_ops = kLayerNormOps * x.shape.elements();
    return append(std::move(layer), {x}, x.shape);
}

Tensor Architecture::embed_positions(std::string name, const Tensor& x) {
    const Shape out{x.shape.channels, x.shape.positions() + 1, 1};
    Layer layer = layer_of(OpClass::embedding, std::move(name));
    layer.parameter_bytes = float32(out.channels + out.elements());
    layer.parameter_tensors = 2;
    layer.other_ops = out.elements();
    return append(std::move(layer), {x}, out);
}

Layer Architecture::lookup(std::string name, const Table& table) const {
    Layer layer = layer_of(OpClass::embedding, std::move(name));
    layer.parameter_bytes = float32(table.rows * table.width);
    layer.parameter_tensors = 1;
    layer.rows = table.rows;
    layer.rows_touched = std::min(table.rows, input_.shape.height);  // one for each token, at most
    return layer;
}

Tensor Architecture::embed_tokens(std::string name, const Table& table) {
    return append(lookup(std::move(name), table), {input_}, {table.width, input_.shape.height, 1});
}

Tensor Architecture::add_embedding(std::string name, const Tensor& x, std::int64_t rows) {
    Layer layer = lookup(std::move(name), {rows, x.shape.channels});
    layer.other_ops = x.shape.elements();
    return append(std::move(layer), {x}, x.shape);
}

Tensor Architecture::attention(std::string name, const Tensor& qkv, std::int64_t heads) {
    const Shape out{qkv.shape.channels / 3, qkv.shape.height, qkv.shape.width};
    const std::int64_t scores = out.positions() * out.positions();  // of one head
    Layer layer = layer_of(OpClass::attention, std::move(name));
    layer.macs = 2 * scores * out.channels;  // queries times keys, scores times values
    layer.other_ops = kSoftmaxOps * heads * scores;
    return append(std::move(layer), {qkv}, out);
}

Tensor Architecture::sigmoid(std::string name, const Tensor& x, std::int64_t of_channels) {
    Layer layer = layer_of(OpClass::other, std::move(name));
    layer.other_ops = kSigmoidOps * of_channels * x.shape.positions();
    return append(std::move(layer), {x}, x.shape);
}

ModelSpec Architecture::finish() && { return std::move(spec_); }

}  // namespace swaplab
