// What transformers share (Vaswani et al., arXiv 1706.03762).
#pragma once

#include <string>

#include "profiles/models/architecture.h"

namespace swaplab::networks {

struct TransformerSize {
    std::int64_t width = 0;
    std::int64_t hidden = 0;  // of the feed-forward network
    std::int64_t heads = 0;
    int blocks = 0;
};

// Both halves of a block read their input through a layer norm (GPT-2, ViT).
Tensor pre_norm_block(Architecture& net, const std::string& name, const Tensor& x,
                      const TransformerSize& size);

}  // namespace swaplab::networks
