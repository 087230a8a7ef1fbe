// BERT-Large (Devlin et al., arXiv 1810.04805) as Hugging Face's bert-large-uncased has it, with
// the pooler and without a task's head: post-norm blocks, queries, keys and values stored
// separately. A pass touches those rows of the three tables of embeddings that its tokens need.
#include "profiles/base/text.h"
#include "profiles/models/networks.h"
#include "profiles/models/transformer.h"

namespace swaplab::networks {
namespace {

constexpr TransformerSize kLarge{.width = 1024, .hidden = 4096, .heads = 16, .blocks = 24};

Tensor post_norm_block(Architecture& net, const std::string& name, const Tensor& x,
                       const TransformerSize& size) {
    Tensor y = net.linear(name + ".qkv", x, {.outputs = 3 * size.width, .matrices = 3});
    y = net.attention(name + ".attention", y, size.heads);
    y = net.linear(name + ".projection", y, {.outputs = size.width});
    y = net.add(name + ".add1", x, y);
    const Tensor attended = net.layer_norm(name + ".ln1", y);
    y = net.linear(name + ".fc1", attended,
                   {.outputs = size.hidden, .activation = size.activation});
    y = net.linear(name + ".fc2", y, {.outputs = size.width});
    y = net.add(name + ".add2", attended, y);
    return net.layer_norm(name + ".ln2", y);
}

}  // namespace

ModelSpec bert_large(std::int64_t tokens) {
    Architecture net("bert-large", "Hugging Face bert-large-uncased", tokens);
    Tensor x = net.embed_tokens("embeddings.words", {30522, kLarge.width});
    x = net.add_embedding("embeddings.positions", x, 512);
    x = net.add_embedding("embeddings.types", x, 2);
    x = net.layer_norm("embeddings.ln", x);
    for (int block = 0; block < kLarge.blocks; ++block)
        x = post_norm_block(net, text("encoder.{}", block), x, kLarge);
    net.linear("pooler", first_position(x),
               {.outputs = kLarge.width, .activation = Activation::tanh});
    return std::move(net).finish();
}

}  // namespace swaplab::networks
