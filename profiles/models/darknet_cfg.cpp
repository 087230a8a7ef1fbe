#include "profiles/models/darknet_cfg.h"

#include "profiles/base/text.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kBoxValues = 4 + 1 + 80;  // box, objectness, classes of COCO
constexpr std::int64_t kNotSquashed = 2;         // width and height of a box take no sigmoid

}  // namespace

Cfg::Cfg(std::string name, const std::string& file, std::int64_t input, Activation activation)
    : net_(std::move(name), file, {3, input, input}), activation_(activation) {}

std::string Cfg::name(std::string_view type) const { return text("{}{}", type, outputs_.size()); }

const Tensor& Cfg::at(int layer) const {
    const auto position = layer < 0 ? static_cast<std::ptrdiff_t>(outputs_.size()) + layer : layer;
    return outputs_.at(static_cast<std::size_t>(position));
}

void Cfg::convolution(std::int64_t filters, std::int64_t kernel, std::int64_t stride) {
    add(net_.convolution(name("conv"), last(),
                         {.filters = filters,
                          .kernel = kernel,
                          .stride = stride,
                          .padding = kernel / 2,
                          .batch_norm = true,
                          .activation = activation_}));
}

void Cfg::linear_convolution(std::int64_t filters, std::int64_t kernel) {
    const Activation activation = activation_;
    activation_ = Activation::none;
    convolution(filters, kernel);
    activation_ = activation;
}

void Cfg::plain_convolution(std::int64_t filters, Activation activation) {
    add(net_.convolution(name("conv"), last(), {.filters = filters, .activation = activation}));
}

void Cfg::shortcut(int from, Activation activation) {
    add(net_.add(name("shortcut"), last(), at(from), activation));
}

void Cfg::route(std::initializer_list<int> layers) {
    std::vector<Tensor> parts;
    for (const int layer : layers) parts.push_back(at(layer));
    add(net_.concatenate(name("route"), parts));
}

void Cfg::max_pool(std::int64_t kernel) {
    add(net_.max_pool(name("maxpool"), last(),
                      {.kernel = kernel, .stride = 1, .padding = kernel / 2}));
}

void Cfg::halving_pool() {
    add(net_.max_pool(name("maxpool"), last(), {.kernel = 2, .stride = 2, .padding = 0}));
}

void Cfg::average_pool() { add(net_.average_pool(name("avgpool"), last(), 1)); }

void Cfg::softmax() { add(net_.softmax(name("softmax"), last())); }

void Cfg::upsample() { add(net_.upsample(name("upsample"), last(), 2)); }

void Cfg::detection(std::int64_t anchors) {
    plain_convolution(anchors * kBoxValues);
    add(net_.sigmoid(name("yolo"), last(), anchors * (kBoxValues - kNotSquashed)));
}

void Cfg::detection_new_coords(std::int64_t anchors) {
    plain_convolution(anchors * kBoxValues, Activation::sigmoid);
    add(net_.concatenate(name("yolo"), {last()}));
}

}  // namespace swaplab::networks
