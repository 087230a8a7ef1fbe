// The one place that knows what well-formed UTF-8 is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace swaplab {

// Bytes of the well-formed character that begins at `at` (< text.size()); 0 if none does.
std::size_t utf8_size(std::string_view text, std::size_t at);
// Of one well-formed character.
std::uint32_t code_point(std::string_view character);

}  // namespace swaplab
