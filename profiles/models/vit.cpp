// Vision Transformer (Dosovitskiy et al., arXiv 2010.11929, table 1) as torchvision builds it:
// pre-norm encoder blocks, the class token read by the head. Another resolution has another number
// of position embeddings, and so other parameters.
#include "profiles/base/text.h"
#include "profiles/models/networks.h"
#include "profiles/models/transformer.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kPatch = 16;
constexpr TransformerSize kBase{.width = 768, .hidden = 3072, .heads = 12, .blocks = 12};
constexpr TransformerSize kLarge{.width = 1024, .hidden = 4096, .heads = 16, .blocks = 24};

ModelSpec vit(std::string name, const std::string& source, const TransformerSize& size,
              std::int64_t input) {
    Architecture net(std::move(name), source, {3, input, input});
    Tensor x = net.convolution("patches", net.input(),
                               {.filters = size.width, .kernel = kPatch, .stride = kPatch});
    x = net.embed_positions("positions", x);
    for (int block = 0; block < size.blocks; ++block)
        x = pre_norm_block(net, text("encoder.{}", block), x, size);
    x = net.layer_norm("ln", x);
    net.linear("head", first_position(x), {.outputs = 1000});
    return std::move(net).finish();
}

}  // namespace

ModelSpec vit_base(std::int64_t input) {
    return vit("vit-base", "torchvision vit_b_16", kBase, input);
}

ModelSpec vit_large(std::int64_t input) {
    return vit("vit-large", "torchvision vit_l_16", kLarge, input);
}

}  // namespace swaplab::networks
