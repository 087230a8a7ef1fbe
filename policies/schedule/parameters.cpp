#include "policies/schedule/parameters.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/model/model.h"

namespace swaplab {

namespace {

std::optional<std::string> given(const PolicyParameters& parameters, std::string_view key) {
    const auto found = parameters.find(key);
    return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

void check_known(std::string_view what, const std::string& key,
                 std::span<const ParameterInfo> known) {
    std::vector<std::string> names;
    for (const ParameterInfo& parameter : known) {
        if (parameter.name == key) return;
        names.emplace_back(parameter.name);
    }
    if (names.empty()) throw InputError(text("{} has no parameters, found '{}'", what, key));
    throw InputError(text("{}: unknown parameter '{}'{}", what, key, suggestion(key, names)));
}

}  // namespace

PolicyParameters read_parameters(std::string_view what, std::string_view spec,
                                 std::span<const ParameterInfo> known) {
    PolicyParameters parameters;
    const std::size_t colon = spec.find(':');
    if (colon == std::string_view::npos) return parameters;
    std::string_view list = spec.substr(colon + 1);
    if (list.empty()) throw InputError(text("{}: expected key=value after ':'", what));
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const std::string_view item = list.substr(0, comma);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos || equals == 0 || equals + 1 == item.size())
            throw InputError(text("{}: expected key=value, found '{}'", what, item));
        const std::string key(item.substr(0, equals));
        check_known(what, key, known);
        if (!parameters.emplace(key, item.substr(equals + 1)).second)
            throw InputError(text("{}: parameter '{}' is given twice", what, key));
        if (comma + 1 == list.size())
            throw InputError(text("{}: expected key=value after the last comma", what));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return parameters;
}

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
