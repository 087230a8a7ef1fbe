// `NAME[:key=value,...]`: how models and devices are named on the command line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swaplab {

struct Spec {
    std::string text;  // as it was written
    std::string name;
    std::vector<std::pair<std::string, std::string>> options;  // in the order written
};

// Splits at the first colon. Throws `InputError` if the name or a key is empty, an option has no
// '=', or a key comes twice. `what` ("model") is for messages.
Spec parse_spec(std::string_view text, std::string_view what);

// The pieces of `text` between `separator`s; empty pieces stay.
std::vector<std::string> split(std::string_view text, char separator);

// Throws unless `value` is one of `known`; the message suggests the nearest.
void require_known(std::string_view what, std::string_view value,
                   const std::vector<std::string>& known);

}  // namespace swaplab
