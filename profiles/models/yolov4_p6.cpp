// YOLOv4-P6 (Wang, Bochkovskiy & Liao: Scaled-YOLOv4, arXiv 2011.08036) as Darknet's yolov4-p6.cfg
// has it: CSP stages throughout, a top-down and a bottom-up path, four scales.
#include "profiles/models/csp.h"
#include "profiles/models/networks.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kAnchors = 4;  // boxes of a grid cell and scale

// A CSP block without residuals: half of the channels pass three pairs of convolutions.
void plain_partial_block(Cfg& cfg, std::int64_t filters) {
    cfg.convolution(filters, 1);
    cfg.convolution(filters, 1);
    cfg.route({-2});
    for (int pair = 0; pair < 3; ++pair) {
        cfg.convolution(filters, 1);
        cfg.convolution(filters, 3);
    }
    cfg.route({-1, -8});
    cfg.convolution(filters, 1);
}

// CSP-SPP: the pyramid pooling lies in one half of a CSP block.
void partial_pyramid_pooling(Cfg& cfg) {
    cfg.convolution(512, 1);
    cfg.route({-2});
    cfg.convolution(512, 1);
    cfg.convolution(512, 3);
    cfg.convolution(512, 1);
    pyramid_pooling(cfg);
    cfg.convolution(512, 1);
    cfg.convolution(512, 3);
    cfg.route({-1, -13});
    cfg.convolution(512, 1);
}

// Top down: the last map, up-sampled, joins a map of the backbone. Returns its own number.
int join_finer(Cfg& cfg, std::int64_t filters, int backbone) {
    cfg.convolution(filters, 1);
    cfg.upsample();
    cfg.route({backbone});
    cfg.convolution(filters, 1);
    cfg.route({-1, -3});
    plain_partial_block(cfg, filters);
    return cfg.size() - 1;
}

// Bottom up: the last map, halved in size, joins one of the way down.
int join_coarser(Cfg& cfg, std::int64_t filters, int way_down) {
    cfg.convolution(filters, 3, 2);
    cfg.route({-1, way_down});
    plain_partial_block(cfg, filters);
    return cfg.size() - 1;
}

void detect(Cfg& cfg, int map, std::int64_t filters) {
    cfg.route({map});
    cfg.convolution(filters, 3);
    cfg.detection(kAnchors);
}

}  // namespace

ModelSpec yolov4_p6(std::int64_t input) {
    Cfg cfg("yolov4-p6", "Darknet yolov4-p6.cfg", input, Activation::mish);
    cfg.convolution(32, 3);
    partial_stage(cfg, 64, 32, 32, 1);
    partial_stage(cfg, 128, 64, 64, 3);
    partial_stage(cfg, 256, 128, 128, 15);
    const int eighth = cfg.size() - 1;
    partial_stage(cfg, 512, 256, 256, 15);
    const int sixteenth = cfg.size() - 1;
    partial_stage(cfg, 1024, 512, 512, 7);
    const int thirty_second = cfg.size() - 1;
    partial_stage(cfg, 1024, 512, 512, 7);

    partial_pyramid_pooling(cfg);
    const int top = cfg.size() - 1;
    const int down5 = join_finer(cfg, 512, thirty_second);
    const int down4 = join_finer(cfg, 256, sixteenth);
    const int map3 = join_finer(cfg, 128, eighth);
    const int map4 = join_coarser(cfg, 256, down4);
    const int map5 = join_coarser(cfg, 512, down5);
    const int map6 = join_coarser(cfg, 512, top);
    detect(cfg, map3, 256);
    detect(cfg, map4, 512);
    detect(cfg, map5, 1024);
    detect(cfg, map6, 1024);
    return std::move(cfg).finish();
}

}  // namespace swaplab::networks
