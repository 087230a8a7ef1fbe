// Writing down a network: its layers in execution order, from shapes. The arithmetic of shapes,
// parameters and operations stands here once, so that a network's file reads as its architecture.
//
// Parameters: learnable tensors and batch-norm running mean and variance, float32; not batch norm's
// integer counters. Batch norm and activation functions belong to the layer before them.
//
// Operations (FLOPs of a layer are 2 * macs + other_ops). One multiply-accumulate is one MAC; a
// bias costs nothing, since the accumulator starts from it. `other_ops` counts every other
// addition, multiplication, comparison and transcendental function as one:
//   batch norm        2 per output (at inference a scale and a shift)
//   ReLU              1 per output
//   leaky ReLU        2 per output (multiply, maximum)
//   GELU              5 per output (x * 0.5 * (1 + erf(x / sqrt 2)))
//   GELU by tanh      9 per output (0.5 * x * (1 + tanh(a * (x + b * x * x * x))))
//   Mish              5 per output (x * tanh(log(1 + exp x)))
//   softmax           6 per score  (scale, maximum, subtract, exp, sum, divide)
//   sigmoid           4 per output (negate, exp, add, divide)
//   layer norm        8 per output (mean, variance, normalise, scale, shift)
//   addition          1 per element added
//   maximum pool      k * k per output
//   average pool      1 per input
//   interpolation     7 per output (bilinear: four products, three additions)
//   tanh              1 per output
//   concatenation, up-sampling: 0, they only copy
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiles/model/model.h"

namespace swaplab {

enum class Activation { none, relu, leaky_relu, mish, gelu, gelu_tanh, tanh, sigmoid };

// Of one image: channels x height x width. A sequence has its tokens along the height, width 1.
struct Shape {
    std::int64_t channels = 0;
    std::int64_t height = 1;
    std::int64_t width = 1;

    std::int64_t positions() const { return height * width; }
    std::int64_t elements() const { return channels * positions(); }
};

// A value of the network: who makes it, and its shape.
struct Tensor {
    Source from;
    Shape shape;
};

// The same values seen as one vector; no layer, as nothing is computed or copied.
Tensor flattened(const Tensor& x);
// The first position alone (a class token); no layer either.
Tensor first_position(const Tensor& x);

struct Convolution {
    std::int64_t filters = 0;
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t padding = 0;
    bool batch_norm = false;  // instead of a bias: scale, shift, running mean, running variance
    Activation activation = Activation::none;
};

struct Linear {
    std::int64_t outputs = 0;
    Activation activation = Activation::none;
    bool bias = true;
    std::int64_t matrices = 1;  // stored as so many tensors of equal size (queries, keys, values)
};

// What vectors are looked up in: a pass touches the rows that it needs, and no more.
struct Table {
    std::int64_t rows = 0;
    std::int64_t width = 0;
};

struct Pool {
    std::int64_t kernel = 2;
    std::int64_t stride = 2;
    std::int64_t padding = 0;
};

// Each function appends one layer and returns its output.
class Architecture {
  public:
    // `source` says where the architecture is published; the input's shape is added to it.
    Architecture(std::string name, const std::string& source, Shape input);
    // Reads a sequence of tokens: integers of 64 bits.
    Architecture(std::string name, const std::string& source, std::int64_t tokens);

    Tensor input() const { return input_; }
    std::size_t size() const { return spec_.layers.size(); }

    Tensor convolution(std::string name, const Tensor& x, const Convolution& convolution);
    // At every position, from the channels.
    Tensor linear(std::string name, const Tensor& x, const Linear& linear);
    // One whose matrix is the table that `table` was looked up in: that layer's parameters.
    Tensor tied_linear(std::string name, const Tensor& x, std::int64_t outputs,
                       const Tensor& table);
    Tensor max_pool(std::string name, const Tensor& x, const Pool& pool);
    Tensor average_pool(std::string name, const Tensor& x, std::int64_t size);  // to size x size
    // `b` added to `a`; where their shapes differ (in Darknet) over the part that both have.
    Tensor add(std::string name, const Tensor& a, const Tensor& b,
               Activation activation = Activation::none);
    Tensor concatenate(std::string name, const std::vector<Tensor>& parts);  // along the channels
    Tensor upsample(std::string name, const Tensor& x, std::int64_t factor);
    Tensor interpolate(std::string name, const Tensor& x, std::int64_t size);  // to size x size
    Tensor softmax(std::string name, const Tensor& x);
    Tensor layer_norm(std::string name, const Tensor& x);
    // A class token before the positions, and a learned embedding added to each.
    Tensor embed_positions(std::string name, const Tensor& x);
    // One row of a table for each token.
    Tensor embed_tokens(std::string name, const Table& table);
    // One row of a table, by position or kind of segment, added at each position.
    Tensor add_embedding(std::string name, const Tensor& x, std::int64_t rows);
    // Softmax attention over queries, keys and values that lie in this order along the channels.
    Tensor attention(std::string name, const Tensor& qkv, std::int64_t heads);
    // Sigmoid of `of_channels` of the channels, the others copied.
    Tensor sigmoid(std::string name, const Tensor& x, std::int64_t of_channels);

    ModelSpec finish() &&;

  private:
    Layer lookup(std::string name, const Table& table) const;
    Tensor append(Layer layer, const std::vector<Tensor>& inputs, Shape output);

    ModelSpec spec_;
    Tensor input_;
};

}  // namespace swaplab
