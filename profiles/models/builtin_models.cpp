#include "profiles/models/builtin_models.h"

#include <algorithm>
#include <array>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/models/networks.h"

namespace swaplab {

namespace {

// Keeps every product of the generators within 64 bits; sums are checked by `Model`.
constexpr std::int64_t kLargestImage = 65536;
constexpr std::int64_t kLargestBatch = 65536;

constexpr InputUnit kPixels = InputUnit::pixels;
constexpr InputUnit kTokens = InputUnit::tokens;

constexpr std::array kModels{
    BuiltinModel{"bert-large", "BERT-Large, Hugging Face", kTokens, 384, 1, 512,
                 networks::bert_large},
    BuiltinModel{"densenet201", "DenseNet-201, Darknet", kPixels, 608, 32, kLargestImage,
                 networks::densenet201},
    BuiltinModel{"fcn-resnet101", "FCN on ResNet-101, torchvision", kPixels, 520, 8, kLargestImage,
                 networks::fcn_resnet101},
    BuiltinModel{"gpt-j-6b", "GPT-J-6B, Hugging Face", kTokens, 64, 1, 2048, networks::gpt_j_6b,
                 "float16", 8},
    BuiltinModel{"gpt2-medium", "GPT-2 medium, Hugging Face", kTokens, 64, 1, 1024,
                 networks::gpt2_medium, "float32", 8},
    BuiltinModel{"resnet101", "ResNet-101, torchvision", kPixels, 224, 32, kLargestImage,
                 networks::resnet101},
    BuiltinModel{"resnet152", "ResNet-152, Darknet", kPixels, 608, 32, kLargestImage,
                 networks::resnet152},
    BuiltinModel{"vgg19", "VGG-19, torchvision", kPixels, 224, 32, kLargestImage, networks::vgg19},
    BuiltinModel{"vit-base", "ViT-B/16, torchvision", kPixels, 224, 16, kLargestImage,
                 networks::vit_base},
    BuiltinModel{"vit-large", "ViT-L/16, torchvision", kPixels, 224, 16, kLargestImage,
                 networks::vit_large},
    BuiltinModel{"yolov3", "YOLOv3, Darknet", kPixels, 608, 32, kLargestImage, networks::yolov3},
    BuiltinModel{"yolov4", "YOLOv4, Darknet", kPixels, 608, 32, kLargestImage, networks::yolov4},
    BuiltinModel{"yolov4-p6", "YOLOv4-P6, Darknet", kPixels, 640, 64, kLargestImage,
                 networks::yolov4_p6},
};

struct Dtype {
    std::string_view name;
    std::int64_t bytes;  // of an element
};
constexpr std::array kDtypes{Dtype{"float32", 4}, Dtype{"float16", 2}, Dtype{"bfloat16", 2},
                             Dtype{"int8", 1}};
constexpr std::int64_t kGeneratedBytes = 4;  // the generators write float32

const Dtype& dtype_named(std::string_view model, std::string_view name) {
    const auto found = std::ranges::find(kDtypes, name, &Dtype::name);
    if (found != kDtypes.end()) return *found;
    throw InputError(
        text("{}: dtype: unknown dtype '{}'{}", model, name, suggestion(name, dtype_names())));
}

std::int64_t checked_input(const BuiltinModel& model, std::int64_t input) {
    if (input > 0 && input <= model.largest_input && input % model.input_multiple == 0)
        return input;
    const std::string what = model.input_multiple == 1
                                 ? std::string("a number from 1")
                                 : text("a positive multiple of {}", model.input_multiple);
    throw InputError(text("{}: input: expected {} up to {} {} (default {}), found {}", model.name,
                          what, model.largest_input, model.unit == kTokens ? "tokens" : "pixels",
                          model.default_input, input));
}

// Every token but the last one generated takes a position. The default is what still fits.
std::int64_t checked_tokens(const BuiltinModel& model, std::int64_t input,
                            std::optional<std::int64_t> asked) {
    if (model.default_tokens == 0)
        throw InputError(text("{} is not a generative model: it takes no tokens", model.name));
    const std::int64_t most = model.largest_input - input + 1;
    const std::int64_t tokens = asked.value_or(std::min(model.default_tokens, most));
    if (tokens > 0 && tokens <= most) return tokens;
    throw InputError(
        text("{}: tokens: expected 1 to {} behind a prompt of {} ({} positions), found {}",
             model.name, most, input, model.largest_input, tokens));
}

// Saturates where `Model` refuses the total, instead of overflowing.
std::int64_t of_batch(std::int64_t of_one, std::int64_t batch) {
    constexpr std::int64_t too_much = kMostInTotal + 1;
    return of_one > too_much / batch ? too_much : of_one * batch;
}

void scale_bytes(Bytes& bytes, std::int64_t element, std::int64_t batch) {
    bytes = Bytes{of_batch(bytes.count / kGeneratedBytes * element, batch)};
}

// Every sequence of a batch looks its own tokens up, and the same positions.
void scale_rows(Layer& layer, std::int64_t batch) {
    const bool of_tokens = layer.inputs == std::vector<Source>{std::nullopt};
    if (layer.rows_touched && of_tokens)
        layer.rows_touched = std::min(layer.rows, *layer.rows_touched * batch);
}

void scale(ModelSpec& spec, const Dtype& dtype, std::int64_t batch) {
    spec.dtype = dtype.name;
    for (Layer& layer : spec.layers) {
        scale_bytes(layer.parameter_bytes, dtype.bytes, 1);
        scale_bytes(layer.output_bytes, dtype.bytes, batch);
        scale_bytes(layer.workspace_bytes, dtype.bytes, batch);
        scale_bytes(layer.kv_bytes_per_token, dtype.bytes, batch);
        layer.macs = of_batch(layer.macs, batch);
        layer.other_ops = of_batch(layer.other_ops, batch);
        scale_rows(layer, batch);
        if (layer.gemm) (*layer.gemm)[0] = of_batch((*layer.gemm)[0], batch);
    }
    if (batch > 1) spec.source += text(", batch {}", batch);
}

// A key and a value per position, each as long as an output of the attention.
void make_generative(ModelSpec& spec, std::int64_t prompt, std::int64_t tokens) {
    spec.prompt_tokens = prompt;
    spec.tokens = tokens;
    for (Layer& layer : spec.layers)
        if (layer.op == OpClass::attention)
            layer.kv_bytes_per_token = Bytes{2 * layer.output_bytes.count / prompt};
}

ModelSpec made_to_measure(const BuiltinModel& model, const ModelOptions& options) {
    const std::int64_t input = checked_input(model, options.input.value_or(model.default_input));
    const Dtype& dtype =
        dtype_named(model.name, options.dtype.value_or(std::string(model.default_dtype)));
    if (options.batch <= 0 || options.batch > kLargestBatch)
        throw InputError(text("{}: batch: expected 1 to {}, found {}", model.name, kLargestBatch,
                              options.batch));
    ModelSpec spec = model.generate(input);
    if (options.tokens || model.default_tokens > 0)
        make_generative(spec, input, checked_tokens(model, input, options.tokens));
    // Tokens are integers, images have the dtype of the model.
    if (model.unit == kTokens)
        spec.input_bytes = spec.input_bytes * options.batch;
    else
        scale_bytes(spec.input_bytes, dtype.bytes, options.batch);
    scale(spec, dtype, options.batch);
    return spec;
}

}  // namespace

std::span<const BuiltinModel> builtin_models() { return kModels; }

std::vector<std::string> dtype_names() {
    std::vector<std::string> names;
    for (const Dtype& dtype : kDtypes) names.emplace_back(dtype.name);
    return names;
}

std::optional<Model> builtin_model(std::string_view name, const ModelOptions& options) {
    const auto model = std::ranges::find(kModels, name, &BuiltinModel::name);
    if (model == kModels.end()) return std::nullopt;
    ModelSpec spec = made_to_measure(*model, options);
    try {
        return Model(std::move(spec));
    } catch (const InputError& error) {
        throw InputError(text("{}: with these options {}", name, error.what()));
    }
}

}  // namespace swaplab
