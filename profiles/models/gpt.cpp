// GPT-2 medium (Radford et al., 2019) and GPT-J-6B (Wang & Komatsuzaki, 2021) as Hugging Face's
// gpt2-medium and EleutherAI/gpt-j-6b have them. The layers describe the pass over a prompt;
// builtin_models.cpp makes them generative.
//
// GPT-2's head is tied: its matrix is the token embedding `wte`, with which it is counted. A pass
// touches a row of `wte` and one of `wpe` for each of its tokens; the head needs all of `wte`.
// GPT-J's head is its own, and its rotary position embeddings have no parameters, and their
// few operations are not counted.
#include "profiles/base/text.h"
#include "profiles/models/networks.h"
#include "profiles/models/transformer.h"

namespace swaplab::networks {
namespace {

constexpr std::int64_t kGpt2Words = 50257;
constexpr TransformerSize kMedium{
    .width = 1024, .hidden = 4096, .heads = 16, .blocks = 24, .activation = Activation::gelu_tanh};

constexpr std::int64_t kGptJWords = 50400;
constexpr TransformerSize kGptJ{
    .width = 4096, .hidden = 16384, .heads = 16, .blocks = 28, .activation = Activation::gelu_tanh};

// Attention and the feed-forward network read the same layer norm, side by side; the attention's
// matrices have no biases.
Tensor parallel_block(Architecture& net, const std::string& name, const Tensor& x,
                      const TransformerSize& size) {
    const Tensor normed = net.layer_norm(name + ".ln", x);
    Tensor y = net.linear(name + ".qkv", normed,
                          {.outputs = 3 * size.width, .bias = false, .matrices = 3});
    y = net.attention(name + ".attention", y, size.heads);
    const Tensor attended =
        net.linear(name + ".projection", y, {.outputs = size.width, .bias = false});
    y = net.linear(name + ".fc1", normed, {.outputs = size.hidden, .activation = size.activation});
    y = net.linear(name + ".fc2", y, {.outputs = size.width});
    y = net.add(name + ".add1", attended, y);
    return net.add(name + ".add2", y, x);
}

}  // namespace

ModelSpec gpt2_medium(std::int64_t prompt) {
    Architecture net("gpt2-medium", "Hugging Face gpt2-medium", prompt);
    const Tensor words = net.embed_tokens("wte", {kGpt2Words, kMedium.width});
    Tensor x = net.add_embedding("wpe", words, 1024);
    for (int block = 0; block < kMedium.blocks; ++block)
        x = pre_norm_block(net, text("h.{}", block), x, kMedium);
    x = net.layer_norm("ln", x);
    net.tied_linear("head", x, kGpt2Words, words);
    return std::move(net).finish();
}

ModelSpec gpt_j_6b(std::int64_t prompt) {
    Architecture net("gpt-j-6b", "Hugging Face EleutherAI/gpt-j-6b", prompt);
    Tensor x = net.embed_tokens("wte", {kGptJWords, kGptJ.width});
    for (int block = 0; block < kGptJ.blocks; ++block)
        x = parallel_block(net, text("h.{}", block), x, kGptJ);
    x = net.layer_norm("ln", x);
    net.linear("head", x, {.outputs = kGptJWords});
    return std::move(net).finish();
}

}  // namespace swaplab::networks
