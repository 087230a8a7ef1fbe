// What is built in: models generated from their architectures, devices from
// profiles/devices/*.json.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/model.h"
#include "profiles/platform.h"

namespace swaplab {

struct BuiltinModel {
    std::string_view name;
    std::string_view summary;     // one line: where the architecture is from, input shape
    std::int64_t default_input;   // height and width in pixels
    std::int64_t input_multiple;  // `input` must be a positive multiple of this
    ModelSpec (*generate)(std::int64_t input);
};
std::span<const BuiltinModel> builtin_models();

std::vector<std::string> builtin_device_names();

// The built-in of that name. `input` overrides the default resolution. nullopt if there is no such
// name.
std::optional<Model> builtin_model(std::string_view name, std::optional<std::int64_t> input = {});
std::optional<Platform> builtin_device(std::string_view name);

}  // namespace swaplab
