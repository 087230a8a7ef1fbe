// Classifiers as Darknet's cfg files have them, down to the softmax: ResNet-152 (He et al., arXiv
// 1512.03385), whose shortcuts have no convolution of their own where the shapes differ, and
// DenseNet-201 (Huang et al., arXiv 1608.06993), with batch norm behind the convolutions. Darknet's
// cost layer is of training and is left out.
#include "profiles/models/darknet_cfg.h"
#include "profiles/models/networks.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kClasses = 1000;

void stem(Cfg& cfg) {
    cfg.convolution(64, 7, 2);
    cfg.halving_pool();
}

ModelSpec classify(Cfg&& cfg) {
    cfg.plain_convolution(kClasses);
    cfg.average_pool();
    cfg.softmax();
    return std::move(cfg).finish();
}

void bottlenecks(Cfg& cfg, std::int64_t width, int blocks, bool halves) {
    for (int block = 0; block < blocks; ++block) {
        cfg.convolution(width, 1);
        cfg.convolution(width, 3, halves && block == 0 ? 2 : 1);
        cfg.linear_convolution(4 * width, 1);
        cfg.shortcut(-4, Activation::leaky_relu);
    }
}

// Each pair of convolutions adds 32 channels to those before it.
void dense_block(Cfg& cfg, int pairs) {
    for (int pair = 0; pair < pairs; ++pair) {
        cfg.convolution(128, 1);
        cfg.convolution(32, 3);
        cfg.route({-1, -3});
    }
}

void transition(Cfg& cfg, std::int64_t filters) {
    cfg.convolution(filters, 1);
    cfg.halving_pool();
}

}  // namespace

ModelSpec resnet152(std::int64_t input) {
    Cfg cfg("resnet152", "Darknet resnet152.cfg", input, Activation::leaky_relu);
    stem(cfg);
    bottlenecks(cfg, 64, 3, false);
    bottlenecks(cfg, 128, 8, true);
    bottlenecks(cfg, 256, 36, true);
    bottlenecks(cfg, 512, 3, true);
    return classify(std::move(cfg));
}

ModelSpec densenet201(std::int64_t input) {
    Cfg cfg("densenet201", "Darknet densenet201.cfg", input, Activation::leaky_relu);
    stem(cfg);
    dense_block(cfg, 6);
    transition(cfg, 128);
    dense_block(cfg, 12);
    transition(cfg, 256);
    dense_block(cfg, 48);
    transition(cfg, 512);
    dense_block(cfg, 32);
    return classify(std::move(cfg));
}

}  // namespace swaplab::networks
