// Short headings for policies with long names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swaplab {

struct Headings {
    std::vector<std::vector<std::string>> lines;           // by policy: the lines of its heading
    std::vector<std::pair<std::string, std::string>> key;  // "[1]" -> the whole spec
};

// Breaks a spec behind '-', ':' and ',' into lines of at most `width`; where this takes more than
// `most` lines, the heading is the name and a number that the key explains.
Headings headings_for(const std::vector<std::string>& specs, std::size_t width = 10,
                      std::size_t most = 4);

}  // namespace swaplab
