// What is built in: models, generated from their architectures.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/model/model.h"

namespace swaplab {

// What an input's length counts.
enum class InputUnit : std::uint8_t { pixels, tokens };

struct BuiltinModel {
    std::string_view name;
    std::string_view summary;  // one line: what it is, where the architecture is from
    InputUnit unit;
    std::int64_t default_input;   // height and width of an image, or length of a sequence
    std::int64_t input_multiple;  // `input` must be a positive multiple of this
    std::int64_t largest_input;   // of a language model: its positions
    ModelSpec (*generate)(std::int64_t input);
    std::string_view default_dtype = "float32";
    std::int64_t default_tokens = 0;  // that a request generates; 0: not a generative model
};
std::span<const BuiltinModel> builtin_models();

// How a built-in model is made to measure; what is absent is the model's default.
struct ModelOptions {
    std::optional<std::int64_t> input{};
    std::optional<std::string> dtype{};  // one of `dtype_names`
    std::int64_t batch = 1;
    // Of generative models only; the default is lowered to what fits behind the prompt.
    std::optional<std::int64_t> tokens{};
};
std::vector<std::string> dtype_names();

// The built-in of that name; nullopt if there is none. Parameters, activations and the KV cache
// scale with the size of the dtype; activations, operations and the KV cache with the batch.
// `InputError` for an option that the model does not take.
std::optional<Model> builtin_model(std::string_view name, const ModelOptions& options = {});

}  // namespace swaplab
