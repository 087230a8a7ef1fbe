// Text for people in columns and lines: widths, padding, wrapping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swaplab {

// How many columns a UTF-8 text takes, escape codes not counted; every code point counts as one.
std::size_t display_width(std::string_view text);

// `text` filled with spaces up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// Words of `text` in lines that end before column `width` (a longer word stands alone). The first
// line is continued from column `start`; the others begin with `indent` spaces.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent = 0,
                 std::size_t start = 0);

// A name and, in a column of its own that begins at `column`, what there is to say about it,
// wrapped at `width`. A name that is too long for its column stands on a line of its own.
std::string definition(std::string_view name, std::string_view body, std::size_t column,
                       std::size_t width);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Joined, the last by "or": "list, show or run", "one; another; or a third" (a separator that is
// not a comma stays before it).
std::string alternatives(std::vector<std::string> parts, std::string_view separator);

}  // namespace swaplab
