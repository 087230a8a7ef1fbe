#include "tests/support/llama_model.h"

#include <string>
#include <utility>

namespace swaplab::testing {
namespace {

constexpr std::int64_t kElement = 2;
constexpr std::int64_t kBlocks = 16, kWidth = 2048, kHidden = 8192, kWords = 128256;
constexpr std::int64_t kHead = 64, kHeads = 32, kKvHeads = 8;

// Residual additions, activation functions and rotations are left out: they have no parameters, and
// next to no operations.
class Llama {
  public:
    Llama(std::int64_t prompt, std::int64_t tokens) : prompt_(prompt) {
        spec_.name = "llama-1b";
        spec_.dtype = "float16";
        spec_.input_bytes = Bytes{8 * prompt};
        spec_.prompt_tokens = prompt;
        spec_.tokens = tokens;
        Layer& words = add("words", OpClass::embedding, {}, kWidth);
        words.inputs = {std::nullopt};
        words.rows = kWords;
        words.rows_touched = prompt;
        parameters(words, kWords * kWidth);
        for (std::int64_t b = 0; b < kBlocks; ++b) block("block" + std::to_string(b) + ".");
        norm("norm");
        Layer& head = linear("head", kWidth, kWords);
        head.parameter_bytes = {};
        head.parameter_tensors = 0;
        head.shares = {LayerId{0}};
    }
    ModelSpec finish() && { return std::move(spec_); }

  private:
    Layer& add(std::string name, OpClass op, std::vector<Source> inputs, std::int64_t outputs) {
        Layer& layer = spec_.layers.emplace_back();
        layer.name = std::move(name);
        layer.op = op;
        layer.inputs = std::move(inputs);
        layer.output_bytes = Bytes{kElement * prompt_ * outputs};
        return layer;
    }
    Source last() const {
        return LayerId{static_cast<std::uint32_t>(spec_.layers.size() - 1)};
    }
    static void parameters(Layer& layer, std::int64_t elements) {
        layer.parameter_bytes = Bytes{kElement * elements};
        layer.parameter_tensors = 1;
    }
    void norm(std::string name) {
        parameters(add(std::move(name), OpClass::norm, {last()}, kWidth), kWidth);
    }
    Layer& linear(std::string name, std::int64_t inputs, std::int64_t outputs) {
        return linear_of(std::move(name), last(), inputs, outputs);
    }
    Layer& linear_of(std::string name, Source from, std::int64_t inputs, std::int64_t outputs) {
        Layer& layer = add(std::move(name), OpClass::linear, {from}, outputs);
        parameters(layer, inputs * outputs);
        layer.macs = prompt_ * inputs * outputs;
        return layer;
    }
    void block(const std::string& name) {
        norm(name + "norm1");
        linear(name + "qkv", kWidth, (kHeads + 2 * kKvHeads) * kHead);
        Layer& attention = add(name + "attention", OpClass::attention, {last()}, kWidth);
        attention.macs = 2 * prompt_ * prompt_ * kWidth;
        attention.kv_bytes_per_token = Bytes{2 * kElement * kKvHeads * kHead};
        linear(name + "output", kWidth, kWidth);
        norm(name + "norm2");
        const Source normed = last();
        linear_of(name + "gate", normed, kWidth, kHidden);
        const Source gate = last();
        linear_of(name + "up", normed, kWidth, kHidden);
        linear_of(name + "down", gate, kHidden, kWidth)
            .inputs.push_back(LayerId{gate->index + 1});
    }

    std::int64_t prompt_;
    ModelSpec spec_;
};

}  // namespace

ModelSpec llama_1b(std::int64_t prompt, std::int64_t tokens) {
    return Llama(prompt, tokens).finish();
}

}  // namespace swaplab::testing
