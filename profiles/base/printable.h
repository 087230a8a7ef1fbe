// Text from outside, as people may see it: file names, models' names, what libraries say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace swaplab {

// How many bytes at `at` (< text.size()) no terminal and no picture should get: of a control
// character (C0 with tab and line feed, DEL, C1), of one that turns the direction of what follows
// or ends a line, or one byte that is not UTF-8. 0 of all others.
std::size_t unprintable_size(std::string_view text, std::size_t at);

// With \x1b, \n, \t and \u202e in place of what is not to be printed.
std::string printable(std::string_view text);

}  // namespace swaplab
