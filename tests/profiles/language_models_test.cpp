// Transformers against their published parameter counts, generation, and models made to measure.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "profiles/builtin.h"
#include "profiles/error.h"
#include "profiles/model_file.h"

namespace swaplab {
namespace {

Model model_named(std::string_view name, const ModelOptions& options = {}) {
    return builtin_model(name, options).value();
}

std::string refusal(std::string_view name, const ModelOptions& options) {
    try {
        static_cast<void>(builtin_model(name, options));
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

const Layer& layer_named(const Model& model, std::string_view name) {
    return *std::ranges::find(model.layers(), name, &Layer::name);
}

// torchvision documents vit_l_16 with 304 326 632 parameters and 61.55 GMAC; Hugging Face's
// bert-large-uncased (with its pooler) has 335 141 888, gpt2-medium 354 823 168, gpt-j-6b
// 6 050 882 784.
TEST(Transformers, PublishedParameterCounts) {
    EXPECT_EQ(model_named("vit-large").parameter_bytes().count, 4 * 304'326'632LL);
    EXPECT_NEAR(static_cast<double>(model_named("vit-large").macs()) / 1e9, 61.55, 0.05);
    EXPECT_EQ(model_named("bert-large").parameter_bytes().count, 4 * 335'141'888LL);
    EXPECT_EQ(model_named("gpt2-medium").parameter_bytes().count, 4 * 354'823'168LL);
    EXPECT_EQ(model_named("gpt-j-6b").parameter_bytes().count, 2 * 6'050'882'784LL);
    EXPECT_EQ(model_named("gpt-j-6b").spec().dtype, "float16");
}

// A layer of BERT-Large or GPT-2 medium has 12 596 224 parameters: 50.4 MB (Hermes); 402.7 MB in
// GPT-J at float16.
TEST(Transformers, BytesOfABlock) {
    const auto bytes_of = [](const Model& model, std::string_view prefix) {
        std::int64_t sum = 0;
        for (const Layer& layer : model.layers())
            if (layer.name.starts_with(prefix)) sum += layer.parameter_bytes.count;
        return sum;
    };
    EXPECT_EQ(bytes_of(model_named("bert-large"), "encoder.7."), 4 * 12'596'224);
    EXPECT_EQ(bytes_of(model_named("gpt2-medium"), "h.7."), 4 * 12'596'224);
    EXPECT_NEAR(static_cast<double>(bytes_of(model_named("gpt-j-6b"), "h.7.")), 402.7e6, 0.05e6);
}

// Published with PipeEdge, for a batch of 8: 3 305 111 552 FLOPs of ViT-Large's output projection,
// 13 220 446 208 of each half of its feed-forward network.
TEST(Transformers, ViTLargeIsPipeEdges) {
    const Model model =
        model_named("vit-large", {.input = {}, .dtype = {}, .batch = 8, .tokens = {}});
    EXPECT_EQ(2 * layer_named(model, "encoder.0.projection").macs, 3'305'111'552);
    EXPECT_EQ(2 * layer_named(model, "encoder.0.fc1").macs, 13'220'446'208);
    EXPECT_EQ(2 * layer_named(model, "encoder.0.fc2").macs, 13'220'446'208);
}

// A token leaves a key and a value of the model's width in every block.
TEST(Transformers, KvCache) {
    const Model gpt2 = model_named("gpt2-medium");
    EXPECT_EQ(gpt2.passes(), 8);
    EXPECT_EQ(gpt2.kv_cache_bytes().count, 24 * 2 * 1024 * 4 * (64 + 8 - 1));
    const Model longer =
        model_named("gpt-j-6b", {.input = 100, .dtype = {}, .batch = 2, .tokens = 50});
    EXPECT_EQ(longer.kv_cache_bytes().count, 2LL * 28 * 2 * 4096 * 2 * (100 + 50 - 1));
    EXPECT_EQ(model_named("bert-large").kv_cache_bytes().count, 0);
    EXPECT_EQ(model_named("bert-large").passes(), 1);
}

std::int64_t total(const Model& model, const std::function<std::int64_t(const Layer&)>& of) {
    std::int64_t sum = 0;
    for (const Layer& layer : model.layers()) sum += of(layer);
    return sum;
}

// Laws of dtype and batch, for every built-in model.
TEST(MadeToMeasure, DtypeScalesBytesAndBatchScalesWork) {
    for (const BuiltinModel& builtin : builtin_models()) {
        SCOPED_TRACE(builtin.name);
        const ModelOptions plain{.input = {}, .dtype = "float32", .batch = 1, .tokens = {}};
        ModelOptions halved = plain, batched = plain;
        halved.dtype = "float16";
        batched.batch = 3;
        const Model model = model_named(builtin.name, plain);
        const Model half = model_named(builtin.name, halved);
        const Model batch = model_named(builtin.name, batched);
        const auto outputs = [](const Layer& layer) { return layer.output_bytes.count; };
        EXPECT_EQ(2 * half.parameter_bytes().count, model.parameter_bytes().count);
        EXPECT_EQ(2 * total(half, outputs), total(model, outputs));
        EXPECT_EQ(2 * half.kv_cache_bytes().count, model.kv_cache_bytes().count);
        EXPECT_EQ(half.flops(), model.flops());
        EXPECT_EQ(batch.parameter_bytes(), model.parameter_bytes());
        EXPECT_EQ(batch.flops(), 3 * model.flops());
        EXPECT_EQ(total(batch, outputs), 3 * total(model, outputs));
        EXPECT_EQ(batch.spec().input_bytes, 3 * model.spec().input_bytes);
        EXPECT_EQ(half.spec().dtype, "float16");
        EXPECT_GT(model.activation_peak({0, model.size()}).total().count, 0);
    }
}

TEST(MadeToMeasure, Refusals) {
    EXPECT_EQ(refusal("vgg19", {.input = {}, .dtype = "float61", .batch = 1, .tokens = {}}),
              "vgg19: dtype: unknown dtype 'float61' (did you mean 'float16'?)");
    EXPECT_EQ(refusal("vgg19", {.input = {}, .dtype = {}, .batch = 1, .tokens = 4}),
              "vgg19 is not a generative model: it takes no tokens");
    EXPECT_EQ(refusal("gpt2-medium", {.input = 1000, .dtype = {}, .batch = 1, .tokens = 25}),
              "gpt2-medium: tokens: expected 1 to 24 behind a prompt of 1000 (1024 positions), "
              "found 25");
    EXPECT_EQ(refusal("bert-large", {.input = 513, .dtype = {}, .batch = 1, .tokens = {}}),
              "bert-large: input: expected tokens from 1 up to 512, found 513");
    EXPECT_EQ(refusal("vgg19", {.input = {}, .dtype = {}, .batch = 65537, .tokens = {}}),
              "vgg19: batch: expected 1 to 65536, found 65537");
}

// A file that a model was written to reads back the same, generation included; without
// prompt_tokens the layers describe one token.
TEST(MadeToMeasure, FilesKeepGeneration) {
    const Model gpt2 = model_named("gpt2-medium");
    const Model back = read_model(parse_json(write_model(gpt2), "gpt2.json"));
    EXPECT_EQ(back.spec(), gpt2.spec());
    const Model bare = read_model(parse_json(
        R"({"schema": "swaplab/model/1", "name": "m", "tokens": 5,
            "layers": [{"name": "a", "parameter_bytes": 1, "kv_bytes_per_token": 10}]})",
        "m.json"));
    EXPECT_EQ(bare.passes(), 5);
    EXPECT_EQ(bare.kv_cache_bytes().count, 50);
}

}  // namespace
}  // namespace swaplab
