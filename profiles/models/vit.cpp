// Vision Transformer (Dosovitskiy et al., arXiv 2010.11929, table 1) as torchvision builds it:
// pre-norm encoder blocks, the class token read by the head. Another resolution has another number
// of position embeddings, and so other parameters.
#include "profiles/models/architecture.h"
#include "profiles/models/networks.h"
#include "profiles/text.h"

namespace swaplab::networks {
namespace {

struct Size {
    std::int64_t patch, width, hidden, heads;
    int blocks;
};
constexpr Size kBase16{.patch = 16, .width = 768, .hidden = 3072, .heads = 12, .blocks = 12};

Tensor encoder_block(Architecture& net, const std::string& name, const Tensor& x,
                     const Size& size) {
    Tensor y = net.layer_norm(name + ".ln1", x);
    y = net.linear(name + ".qkv", y, 3 * size.width);
    y = net.attention(name + ".attention", y, size.heads);
    y = net.linear(name + ".projection", y, size.width);
    const Tensor attended = net.add(name + ".add1", x, y);
    y = net.layer_norm(name + ".ln2", attended);
    y = net.linear(name + ".fc1", y, size.hidden, Activation::gelu);
    y = net.linear(name + ".fc2", y, size.width);
    return net.add(name + ".add2", attended, y);
}

}  // namespace

ModelSpec vit_base(std::int64_t input) {
    const Size size = kBase16;
    Architecture net("vit-base", "torchvision vit_b_16", {3, input, input});
    Tensor x = net.convolution("patches", net.input(),
                               {.filters = size.width, .kernel = size.patch, .stride = size.patch});
    x = net.embed_positions("positions", x);
    for (int block = 0; block < size.blocks; ++block) {
        x = encoder_block(net, text("encoder.{}", block), x, size);
    }
    x = net.layer_norm("ln", x);
    net.linear("head", first_position(x), 1000);
    return std::move(net).finish();
}

}  // namespace swaplab::networks
