#include "hw/torch/run/input_values.h"

#include <array>
#include <charconv>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::array<std::string_view, 9> kDtypes{
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "uint8", "bool"};

[[noreturn]] void fail(std::string_view input, std::string_view reason) {
    throw InputError(text("input {}: expected a shape such as 1x3x224x224 or 1x384:int64; {}",
                          in_quotes(input), reason));
}

std::vector<std::int64_t> parse_shape(std::string_view input, std::string_view shape) {
    std::vector<std::int64_t> sizes;
    std::int64_t elements = 1;
    while (true) {
        const std::string_view number = shape.substr(0, shape.find('x'));
        std::int64_t size = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), size);
        if (error != std::errc{} || end != number.data() + number.size() || size < 1)
            fail(input, text("{} is not a positive size", in_quotes(number)));
        if (size > kMostInTotal / elements) fail(input, "it has more than 2^60 elements");
        elements *= size;
        sizes.push_back(size);
        if (number.size() == shape.size()) return sizes;
        shape.remove_prefix(number.size() + 1);
    }
}

}  // namespace

PackedInput parse_packed_input(std::string_view input) {
    const std::size_t colon = input.find(':');
    PackedInput parsed{"float32", parse_shape(input, input.substr(0, colon))};
    if (colon == std::string_view::npos) return parsed;
    parsed.dtype = input.substr(colon + 1);
    for (const std::string_view known : kDtypes) {
        if (parsed.dtype == known) return parsed;
    }
    fail(input, text("unknown dtype {}{}", in_quotes(parsed.dtype),
                     suggestion(parsed.dtype, {kDtypes.begin(), kDtypes.end()})));
}

std::string described(const std::vector<PackedInput>& inputs) {
    std::string all;
    for (const PackedInput& input : inputs) {
        std::string shape;
        for (const std::int64_t size : input.shape)
            shape += text("{}{}", shape.empty() ? "" : "x", size);
        all += text("{}{}:{}", all.empty() ? "" : ", ", shape, input.dtype);
    }
    return all;
}

std::int64_t element_count(const PackedInput& input) {
    std::int64_t count = 1;
    for (const std::int64_t size : input.shape) count *= size;
    return count;
}

std::uint64_t InputValues::next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

std::vector<float> InputValues::normal(std::int64_t count) {
    // Four uniform draws of 16 bits: mean 4 * 65535 / 2, variance 4 * (2^32 - 1) / 12.
    constexpr std::int64_t kMean = 131070;
    constexpr float kScale = 2.6428998e-05F;  // 1 / sqrt(variance)
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) {
        const std::uint64_t bits = next();
        const std::uint64_t sum =
            (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
        value = static_cast<float>(static_cast<std::int64_t>(sum) - kMean) * kScale;
    }
    return values;
}

std::vector<std::int64_t> InputValues::tokens(std::int64_t count) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(count));
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(next() % kTokens);
    return values;
}

}  // namespace swaplab
