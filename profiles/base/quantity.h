// Quantities as people write them: `843MiB`, `1.5GiB`, `33ms`, `0.4x`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiles/base/units.h"

namespace swaplab {

// Units KiB MiB GiB TiB (2^n) and kB MB GB TB (10^n), `B` or none for bytes; fractions are rounded
// down to bytes, exactly (the decimal digits are never a double). Throws `InputError` ("expected a
// size such as 843MiB, found '…'") for anything else: signs, exponents, spaces, an unknown unit,
// above 2^63-1.
Bytes parse_bytes(std::string_view text);

// Units ns us ms s, none for ns; rounded down to ns. Throws `InputError` likewise.
Duration parse_duration(std::string_view text);

// The number as a double if the whole of `text` is one finite decimal number.
std::optional<double> parse_number(std::string_view text);

// For people, two decimals above the smallest unit: "548.05 MiB", "12.85 ms", "0 B".
std::string format_bytes(Bytes bytes);
std::string format_duration(Duration duration);

}  // namespace swaplab
