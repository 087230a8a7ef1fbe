#include "policies/parameters.h"

#include <charconv>
#include <vector>

#include "profiles/error.h"
#include "profiles/model.h"
#include "profiles/quantity.h"
#include "profiles/text.h"

namespace swaplab {

namespace {

std::optional<std::string> given(const PolicyParameters& parameters, std::string_view key) {
    const auto found = parameters.find(key);
    return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<std::int64_t> count_or_auto(const PolicyParameters& parameters, std::string_view key,
                                          std::int64_t most) {
    const std::optional<std::string> value = given(parameters, key);
    if (!value || *value == "auto") return std::nullopt;
    std::int64_t count = 0;
    const char* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, count);
    if (error != std::errc{} || stop != end || count < 1 || count > most)
        throw InputError(
            text("policy parameter {}: expected auto or a whole number from 1 to {}, "
                 "found '{}'",
                 key, most, *value));
    return count;
}

double fraction(const PolicyParameters& parameters, std::string_view key, double fallback) {
    const std::optional<std::string> value = given(parameters, key);
    if (!value) return fallback;
    const std::optional<double> number = parse_number(*value);
    if (!number || *number < 0 || *number >= 1)
        throw InputError(
            text("policy parameter {}: expected a number from 0 up to, not including, "
                 "1, found '{}'",
                 key, *value));
    return *number;
}

std::string choice(const PolicyParameters& parameters, std::string_view key,
                   std::initializer_list<std::string_view> choices) {
    const std::optional<std::string> value = given(parameters, key);
    if (!value) return std::string(*choices.begin());
    std::vector<std::string> known;
    for (const std::string_view c : choices) {
        if (c == *value) return *value;
        known.emplace_back(c);
    }
    throw InputError(
        text("policy parameter {}: unknown value '{}'{}", key, *value, suggestion(*value, known)));
}

Bytes positive_bytes(const PolicyParameters& parameters, std::string_view key) {
    const std::string value = given(parameters, key).value_or("");
    try {
        const Bytes bytes = parse_bytes(value);
        if (bytes.count > 0 && bytes.count <= kMostInTotal) return bytes;
    } catch (const InputError& error) {
        throw InputError(text("policy parameter {}: {}", key, error.what()));
    }
    throw InputError(text(
        "policy parameter {}: expected a size above 0 and at most 2^60, found '{}'", key, value));
}

Duration duration(const PolicyParameters& parameters, std::string_view key, Duration fallback) {
    const std::optional<std::string> value = given(parameters, key);
    if (!value) return fallback;
    try {
        return parse_duration(*value);
    } catch (const InputError& error) {
        throw InputError(text("policy parameter {}: {}", key, error.what()));
    }
}

}  // namespace swaplab
