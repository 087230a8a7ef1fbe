// What the tests of the built-in models share.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/models/builtin_models.h"

namespace swaplab {

using Names = std::vector<std::string>;

constexpr std::int64_t kFloat32 = 4;

inline Model model_named(std::string_view name, const ModelOptions& options = {}) {
    auto model = builtin_model(name, options);
    if (!model) throw std::out_of_range("no such model");
    return *std::move(model);
}

inline const Layer& layer_named(const Model& model, std::string_view name) {
    const auto layers = model.layers();
    const auto found = std::ranges::find(layers, name, &Layer::name);
    if (found == layers.end()) throw std::out_of_range("no layer " + std::string(name));
    return *found;
}

inline Names inputs_of(const Model& model, std::string_view name) {
    Names names;
    for (const Source& source : layer_named(model, name).inputs) {
        names.push_back(source ? model.layer(*source).name : "input");
    }
    return names;
}

inline std::int64_t largest_layer(const Model& model) {
    std::int64_t most = 0;
    for (const Layer& layer : model.layers()) most = std::max(most, layer.parameter_bytes.count);
    return most;
}

inline std::int64_t count_of(const Model& model, OpClass op) {
    return std::ranges::count(model.layers(), op, &Layer::op);
}

// Summed over the layers whose names begin so.
inline std::int64_t bytes_of(const Model& model, std::string_view prefix) {
    std::int64_t sum = 0;
    for (const Layer& layer : model.layers()) {
        if (layer.name.starts_with(prefix)) sum += layer.parameter_bytes.count;
    }
    return sum;
}

inline double gmac_of(const Model& model, std::string_view prefix) {
    std::int64_t sum = 0;
    for (const Layer& layer : model.layers()) {
        if (layer.name.starts_with(prefix)) sum += layer.macs;
    }
    return static_cast<double>(sum) / 1e9;
}

inline double gmac(const Model& model) { return static_cast<double>(model.macs()) / 1e9; }
inline double mib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace swaplab
