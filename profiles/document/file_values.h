// Values that model and device files share. Each function throws `InputError` at the field's
// position.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "profiles/base/units.h"
#include "profiles/document/document.h"

namespace swaplab {

// Fails unless the document is an object whose `schema` is this one. Asks `fields` for the key.
void check_schema(Fields& fields, std::string_view schema);

// A string that is not empty and has no control characters, since names stand in tables.
std::string read_name(const Field& field);

// The longest execution of a whole model, which may be more activities than one: 2^53 ns (104 days),
// below which a double holds each of them.
inline constexpr Duration kLongestModel{std::int64_t{1} << 53};

// A whole number of ns below `kLongestActivity`.
Duration read_duration(const Field& field);

// A finite number > 0.
double read_factor(const Field& field);

// Optional members: what the file says, else `otherwise`.
std::int64_t count_or(Fields& fields, std::string_view key, std::int64_t otherwise);
double cost_or(Fields& fields, std::string_view key, double otherwise);
double factor_or(Fields& fields, std::string_view key, double otherwise);
Duration duration_or(Fields& fields, std::string_view key, Duration otherwise);
bool bool_or(Fields& fields, std::string_view key, bool otherwise);
std::string string_or(Fields& fields, std::string_view key, std::string otherwise);

}  // namespace swaplab
