// YOLOv3 (Redmon & Farhadi, arXiv 1804.02767) and YOLOv4 (Bochkovskiy et al., arXiv 2004.10934) as
// Darknet's yolov3.cfg and yolov4.cfg have them. A layer is one section of the cfg and is named
// after its type and Darknet's number for it. Darknet copies in every route, also in one that names
// a single layer, and in every detection layer: their outputs are memory of their own.
#include <initializer_list>
#include <vector>

#include "profiles/models/architecture.h"
#include "profiles/models/networks.h"
#include "profiles/text.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kAnchors = 3;             // boxes of a grid cell and scale
constexpr std::int64_t kBoxValues = 4 + 1 + 80;  // box, objectness, classes of COCO
constexpr std::int64_t kNotSquashed = 2;         // width and height of a box take no sigmoid

// The sections of a cfg. Layers are numbered from 0; a negative number counts back from the section
// being written, -1 being the one before.
class Cfg {
  public:
    Cfg(std::string name, const std::string& file, std::int64_t input, Activation activation)
        : net_(std::move(name), file, {3, input, input}), activation_(activation) {}

    // The activation of the convolutions that follow.
    void activation(Activation activation) { activation_ = activation; }

    void convolution(std::int64_t filters, std::int64_t kernel, std::int64_t stride = 1) {
        add(net_.convolution(name("conv"), last(),
                             {.filters = filters,
                              .kernel = kernel,
                              .stride = stride,
                              .padding = kernel / 2,
                              .batch_norm = true,
                              .activation = activation_}));
    }
    void shortcut(int from) { add(net_.add(name("shortcut"), last(), at(from))); }
    void route(std::initializer_list<int> layers) {
        std::vector<Tensor> parts;
        for (const int layer : layers) parts.push_back(at(layer));
        add(net_.concatenate(name("route"), parts));
    }
    void max_pool(std::int64_t kernel) {  // stride 1, same size
        add(net_.max_pool(name("maxpool"), last(),
                          {.kernel = kernel, .stride = 1, .padding = kernel / 2}));
    }
    void upsample() { add(net_.upsample(name("upsample"), last(), 2)); }
    // A plain convolution and the detection layer that reads it.
    void detection() {
        add(net_.convolution(name("conv"), last(), {.filters = kAnchors * kBoxValues}));
        add(net_.sigmoid(name("yolo"), last(), kAnchors * (kBoxValues - kNotSquashed)));
    }

    ModelSpec finish() && { return std::move(net_).finish(); }

  private:
    std::string name(std::string_view type) const { return text("{}{}", type, outputs_.size()); }
    void add(const Tensor& output) { outputs_.push_back(output); }
    Tensor last() const { return outputs_.empty() ? net_.input() : outputs_.back(); }
    const Tensor& at(int layer) const {
        const auto position =
            layer < 0 ? static_cast<std::ptrdiff_t>(outputs_.size()) + layer : layer;
        return outputs_.at(static_cast<std::size_t>(position));
    }

    Architecture net_;
    Activation activation_;
    std::vector<Tensor> outputs_;
};

// `pairs` times a 1x1 convolution to `filters` and a 3x3 one to twice as many.
void pairs_of_convolutions(Cfg& cfg, std::int64_t filters, int pairs) {
    for (int i = 0; i < pairs; ++i) {
        cfg.convolution(filters, 1);
        cfg.convolution(2 * filters, 3);
    }
}

void residual_blocks(Cfg& cfg, std::int64_t squeezed, std::int64_t filters, int blocks) {
    for (int i = 0; i < blocks; ++i) {
        cfg.convolution(squeezed, 1);
        cfg.convolution(filters, 3);
        cfg.shortcut(-3);
    }
}

// A cross-stage partial stage of CSPDarknet53: half of the channels pass the residual blocks, the
// other half goes around them.
void partial_stage(Cfg& cfg, std::int64_t filters, std::int64_t half, std::int64_t squeezed,
                   int blocks) {
    cfg.convolution(filters, 3, 2);
    cfg.convolution(half, 1);
    cfg.route({-2});
    cfg.convolution(half, 1);
    residual_blocks(cfg, squeezed, half, blocks);
    cfg.convolution(half, 1);
    cfg.route({-1, -(3 * blocks + 4)});
    cfg.convolution(filters, 1);
}

// Spatial pyramid pooling: three pools of one tensor beside that tensor.
void pyramid_pooling(Cfg& cfg) {
    cfg.max_pool(5);
    cfg.route({-2});
    cfg.max_pool(9);
    cfg.route({-4});
    cfg.max_pool(13);
    cfg.route({-1, -3, -5, -6});
}

// YOLOv3: the last map, up-sampled, joins a map of the backbone, and the next scale is detected.
void finer_scale_v3(Cfg& cfg, std::int64_t filters, int backbone) {
    cfg.route({-4});
    cfg.convolution(filters, 1);
    cfg.upsample();
    cfg.route({-1, backbone});
    pairs_of_convolutions(cfg, filters, 3);
    cfg.detection();
}

// YOLOv4, top down: likewise, the map of the backbone narrowed first.
void join_finer(Cfg& cfg, std::int64_t filters, int backbone) {
    cfg.convolution(filters, 1);
    cfg.upsample();
    cfg.route({backbone});
    cfg.convolution(filters, 1);
    cfg.route({-1, -3});
    pairs_of_convolutions(cfg, filters, 2);
    cfg.convolution(filters, 1);
}

// YOLOv4, bottom up: the last map, halved in size, joins the map of the way down; detection.
void coarser_scale(Cfg& cfg, std::int64_t filters, int way_down) {
    cfg.route({-4});
    cfg.convolution(filters, 3, 2);
    cfg.route({-1, way_down});
    pairs_of_convolutions(cfg, filters, 3);
    cfg.detection();
}

}  // namespace

ModelSpec yolov3(std::int64_t input) {
    Cfg cfg("yolov3", "Darknet yolov3.cfg", input, Activation::leaky_relu);
    struct Stage {
        std::int64_t filters;
        int blocks;
    };
    cfg.convolution(32, 3);
    for (const auto& [filters, blocks] : {Stage{64, 1}, {128, 2}, {256, 8}, {512, 8}, {1024, 4}}) {
        cfg.convolution(filters, 3, 2);
        residual_blocks(cfg, filters / 2, filters, blocks);
    }
    pairs_of_convolutions(cfg, 512, 3);
    cfg.detection();
    finer_scale_v3(cfg, 256, 61);
    finer_scale_v3(cfg, 128, 36);
    return std::move(cfg).finish();
}

ModelSpec yolov4(std::int64_t input) {
    Cfg cfg("yolov4", "Darknet yolov4.cfg", input, Activation::mish);
    cfg.convolution(32, 3);
    partial_stage(cfg, 64, 64, 32, 1);
    partial_stage(cfg, 128, 64, 64, 2);
    partial_stage(cfg, 256, 128, 128, 8);
    partial_stage(cfg, 512, 256, 256, 8);
    partial_stage(cfg, 1024, 512, 512, 4);

    cfg.activation(Activation::leaky_relu);
    pairs_of_convolutions(cfg, 512, 1);
    cfg.convolution(512, 1);
    pyramid_pooling(cfg);
    pairs_of_convolutions(cfg, 512, 1);
    cfg.convolution(512, 1);
    join_finer(cfg, 256, 85);
    join_finer(cfg, 128, 54);

    cfg.convolution(256, 3);
    cfg.detection();
    coarser_scale(cfg, 256, -16);
    coarser_scale(cfg, 512, -37);
    return std::move(cfg).finish();
}

}  // namespace swaplab::networks
