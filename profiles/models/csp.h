// What the backbones and necks of the YOLO family share (CSPNet: Wang et al., arXiv 1911.11929).
#pragma once

#include "profiles/models/darknet_cfg.h"

namespace swaplab::networks {

// `blocks` times a 1x1 convolution to `squeezed` filters, a 3x3 one to `filters`, and a shortcut.
void residual_blocks(Cfg& cfg, std::int64_t squeezed, std::int64_t filters, int blocks);

// A cross-stage partial stage of CSPDarknet53: half of the channels pass the residual blocks, the
// other half goes around them.
void partial_stage(Cfg& cfg, std::int64_t filters, std::int64_t half, std::int64_t squeezed,
                   int blocks);

// Spatial pyramid pooling: three pools of one tensor beside that tensor.
void pyramid_pooling(Cfg& cfg);

}  // namespace swaplab::networks
