// Comma-separated values, quoted as in RFC 4180, lines ending in \n.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace swaplab {

// In double quotes if it holds a comma, a quote, a line break, or blanks at an end.
std::string csv_field(std::string_view text);
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace swaplab
