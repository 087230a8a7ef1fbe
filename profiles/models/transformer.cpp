#include "profiles/models/transformer.h"

namespace swaplab::networks {

Tensor pre_norm_block(Architecture& net, const std::string& name, const Tensor& x,
                      const TransformerSize& size) {
    Tensor y = net.layer_norm(name + ".ln1", x);
    y = net.linear(name + ".qkv", y, {.outputs = 3 * size.width});
    y = net.attention(name + ".attention", y, size.heads);
    y = net.linear(name + ".projection", y, {.outputs = size.width});
    const Tensor attended = net.add(name + ".add1", x, y);
    y = net.layer_norm(name + ".ln2", attended);
    y = net.linear(name + ".fc1", y, {.outputs = size.hidden, .activation = Activation::gelu});
    y = net.linear(name + ".fc2", y, {.outputs = size.width});
    return net.add(name + ".add2", attended, y);
}

}  // namespace swaplab::networks
