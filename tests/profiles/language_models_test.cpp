// Language models against their published parameter counts, generation, and models made to measure.
#include <gtest/gtest.h>

#include <functional>

#include "profiles/base/error.h"
#include "profiles/model/model_file.h"
#include "tests/profiles/builtin_models.h"

namespace swaplab {
namespace {

std::string refusal(std::string_view name, const ModelOptions& options) {
    try {
        static_cast<void>(builtin_model(name, options));
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

// Hugging Face's bert-large-uncased (with its pooler) has 335 141 888 parameters, gpt2-medium
// 354 823 168, gpt-j-6b 6 050 882 784; their state_dict() has 391, 292 and 285 tensors.
TEST(Transformers, PublishedParameterCounts) {
    EXPECT_EQ(model_named("bert-large").parameter_bytes().count, 4 * 335'141'888LL);
    EXPECT_EQ(model_named("gpt2-medium").parameter_bytes().count, 4 * 354'823'168LL);
    EXPECT_EQ(model_named("gpt-j-6b").parameter_bytes().count, 2 * 6'050'882'784LL);
    EXPECT_EQ(model_named("gpt-j-6b").spec().dtype, "float16");
    EXPECT_EQ(model_named("bert-large").parameter_tensors(), 391);
    EXPECT_EQ(model_named("gpt2-medium").parameter_tensors(), 292);
    EXPECT_EQ(model_named("gpt-j-6b").parameter_tensors(), 285);
}

// A layer of BERT-Large or GPT-2 medium has 12 596 224 parameters: 50.4 MB (Hermes); 402.7 MB in
// GPT-J at float16.
TEST(Transformers, BytesOfABlock) {
    EXPECT_EQ(bytes_of(model_named("bert-large"), "encoder.7."), 4 * 12'596'224);
    EXPECT_EQ(bytes_of(model_named("gpt2-medium"), "h.7."), 4 * 12'596'224);
    EXPECT_NEAR(static_cast<double>(bytes_of(model_named("gpt-j-6b"), "h.7.")), 402.7e6, 0.05e6);
}

// A token leaves a key and a value of the model's width in every block.
TEST(Transformers, KvCache) {
    const Model gpt2 = model_named("gpt2-medium");
    EXPECT_EQ(gpt2.passes(), 8);
    EXPECT_EQ(gpt2.kv_cache_bytes().count, 24 * 2 * 1024 * 4 * (64 + 8 - 1));
    const Model longer = model_named("gpt-j-6b", {.input = 100, .batch = 2, .tokens = 50});
    EXPECT_EQ(longer.kv_cache_bytes().count, 2LL * 28 * 2 * 4096 * 2 * (100 + 50 - 1));
    EXPECT_EQ(model_named("bert-large").kv_cache_bytes().count, 0);
    EXPECT_EQ(model_named("bert-large").passes(), 1);
}

// MACs of the matrix products of BERT's blocks over n tokens: n of each block's 12 * 1024 * 1024
// weights, and 2 * n * n * 1024 in its attention; the pooler reads one token.
TEST(Transformers, MacsOfBert) {
    const std::int64_t n = 384;
    const std::int64_t width = 1024;
    EXPECT_EQ(model_named("bert-large").macs(),
              24 * (12 * n * width * width + 2 * n * n * width) + width * width);
}

// The last token generated is not fed back: 1024 positions hold a prompt of 1000 and 24 more.
TEST(Transformers, GeneratedTokensThatFit) {
    EXPECT_EQ(model_named("gpt2-medium", {.input = 1000, .tokens = 25}).passes(), 25);
    EXPECT_EQ(model_named("gpt2-medium", {.input = 1020}).passes(), 5);
    const Model longest = model_named("gpt2-medium", {.input = 1024});
    EXPECT_EQ(longest.passes(), 1);
    EXPECT_EQ(longest.kv_cache_bytes().count, 24 * 2 * 1024 * 4 * 1024);
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
        const ModelOptions plain{.dtype = "float32"};
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
        EXPECT_GT(model.activation_peak(model.whole()).total().count, 0);
    }
}

TEST(MadeToMeasure, DtypesByTheirSize) {
    const std::int64_t elements = 335'141'888;
    for (const auto& [dtype, bytes] : {std::pair{"float32", 4}, std::pair{"float16", 2},
                                       std::pair{"bfloat16", 2}, std::pair{"int8", 1}}) {
        const Model model = model_named("bert-large", {.dtype = dtype});
        EXPECT_EQ(model.parameter_bytes().count, bytes * elements) << dtype;
        EXPECT_EQ(model.spec().dtype, dtype);
        EXPECT_EQ(model.spec().input_bytes.count, 8 * 384) << "token ids are integers of 64 bits";
    }
}

TEST(MadeToMeasure, Refusals) {
    EXPECT_EQ(refusal("vgg19", {.dtype = "float61"}),
              "vgg19: dtype: unknown dtype 'float61' (did you mean 'float16'?)");
    EXPECT_EQ(refusal("vgg19", {.tokens = 4}),
              "vgg19 is not a generative model: it takes no tokens");
    EXPECT_EQ(refusal("gpt2-medium", {.input = 1000, .tokens = 26}),
              "gpt2-medium: tokens: expected 1 to 25 behind a prompt of 1000 (1024 positions), "
              "found 26");
    EXPECT_EQ(
        refusal("bert-large", {.input = 513}),
        "bert-large: input: expected a number from 1 up to 512 tokens (default 384), found 513");
    EXPECT_EQ(refusal("vgg19", {.batch = 65537}), "vgg19: batch: expected 1 to 65536, found 65537");
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
