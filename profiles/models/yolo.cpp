// YOLOv3 (Redmon & Farhadi, arXiv 1804.02767) and YOLOv4 (Bochkovskiy et al., arXiv 2004.10934) as
// Darknet's yolov3.cfg and yolov4.cfg have them.
#include "profiles/models/csp.h"
#include "profiles/models/networks.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kAnchors = 3;  // boxes of a grid cell and scale

// `pairs` times a 1x1 convolution to `filters` and a 3x3 one to twice as many.
void pairs_of_convolutions(Cfg& cfg, std::int64_t filters, int pairs) {
    for (int i = 0; i < pairs; ++i) {
        cfg.convolution(filters, 1);
        cfg.convolution(2 * filters, 3);
    }
}

// YOLOv3: the last map, up-sampled, joins a map of the backbone, and the next scale is detected.
void finer_scale_v3(Cfg& cfg, std::int64_t filters, int backbone) {
    cfg.route({-4});
    cfg.convolution(filters, 1);
    cfg.upsample();
    cfg.route({-1, backbone});
    pairs_of_convolutions(cfg, filters, 3);
    cfg.detection(kAnchors);
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
    cfg.detection(kAnchors);
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
    cfg.detection(kAnchors);
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
    cfg.detection(kAnchors);
    coarser_scale(cfg, 256, -16);
    coarser_scale(cfg, 512, -37);
    return std::move(cfg).finish();
}

}  // namespace swaplab::networks
