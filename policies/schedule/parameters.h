// The parameters of a policy (`NAME:key=value,...`), read by its factory.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profiles/base/units.h"

namespace swaplab {

using PolicyParameters = std::map<std::string, std::string, std::less<>>;

struct ParameterInfo {
    std::string_view name;
    std::string_view values;  // "auto|1|2"
    std::string_view default_value;
    std::string_view help;
};

// What follows the name in `NAME[:key=value,...]`. Throws `InputError`, beginning with `what`
// ("policy NAME"), for a key that is not in `known` or comes twice, and for what is not
// key=value.
PolicyParameters read_parameters(std::string_view what, std::string_view spec,
                                 std::span<const ParameterInfo> known);

// Each throws `InputError` naming the parameter, what was expected and what was found. A parameter
// that is not given has its default; "auto" is nullopt where it is allowed.
std::optional<std::int64_t> count_or_auto(const PolicyParameters& parameters, std::string_view key,
                                          std::int64_t most);
double fraction(const PolicyParameters& parameters, std::string_view key, double fallback);
std::string choice(const PolicyParameters& parameters, std::string_view key,
                   std::initializer_list<std::string_view> choices);  // the first is the default
Bytes positive_bytes(const PolicyParameters& parameters, std::string_view key);  // must be given
Duration duration(const PolicyParameters& parameters, std::string_view key, Duration fallback);

}  // namespace swaplab
