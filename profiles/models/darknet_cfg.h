// Writing down a network as Darknet's cfg files do: a layer is one section, named after its type
// and Darknet's number for it. Darknet copies in every route, also in one that names a single
// layer, and in every detection layer: their outputs are memory of their own.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/models/architecture.h"

namespace swaplab::networks {

// Layers are numbered from 0; a negative number counts back from the section being written, -1
// being the one before.
class Cfg {
  public:
    // `file` is the cfg that is written down; square RGB images of `input` pixels.
    Cfg(std::string name, const std::string& file, std::int64_t input, Activation activation);

    // The activation of the convolutions that follow.
    void activation(Activation activation) { activation_ = activation; }

    // Batch-normed, "same" padding.
    void convolution(std::int64_t filters, std::int64_t kernel, std::int64_t stride = 1);
    // One without activation (the last of a bottleneck).
    void linear_convolution(std::int64_t filters, std::int64_t kernel);
    // One with a bias and neither batch norm nor activation.
    void plain_convolution(std::int64_t filters);
    void shortcut(int from, Activation activation = Activation::none);
    void route(std::initializer_list<int> layers);
    void max_pool(std::int64_t kernel);  // stride 1, same size
    void halving_pool();                 // 2x2, stride 2
    void average_pool();                 // to 1x1
    void softmax();
    void upsample();
    // A plain convolution and the detection layer that reads it: `anchors` boxes of a grid cell.
    void detection(std::int64_t anchors);

    // The number of the next section.
    int size() const { return static_cast<int>(outputs_.size()); }
    ModelSpec finish() && { return std::move(net_).finish(); }

  private:
    std::string name(std::string_view type) const;
    void add(const Tensor& output) { outputs_.push_back(output); }
    Tensor last() const { return outputs_.empty() ? net_.input() : outputs_.back(); }
    const Tensor& at(int layer) const;

    Architecture net_;
    Activation activation_;
    std::vector<Tensor> outputs_;
};

}  // namespace swaplab::networks
