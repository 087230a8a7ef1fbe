#include "profiles/models/csp.h"

namespace swaplab::networks {

void residual_blocks(Cfg& cfg, std::int64_t squeezed, std::int64_t filters, int blocks) {
    for (int i = 0; i < blocks; ++i) {
        cfg.convolution(squeezed, 1);
        cfg.convolution(filters, 3);
        cfg.shortcut(-3);
    }
}

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

void pyramid_pooling(Cfg& cfg) {
    cfg.max_pool(5);
    cfg.route({-2});
    cfg.max_pool(9);
    cfg.route({-4});
    cfg.max_pool(13);
    cfg.route({-1, -3, -5, -6});
}

}  // namespace swaplab::networks
