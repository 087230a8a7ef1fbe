// The parameters of a policy (`NAME:key=value,...`), read by its factory.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "profiles/units.h"

namespace swaplab {

using PolicyParameters = std::map<std::string, std::string, std::less<>>;

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
