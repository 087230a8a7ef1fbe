// Members whose keys begin with `x-`: ours to carry, not to read. A file's readers collect them,
// its writer puts them back into the objects they came from.
#pragma once

#include <string>
#include <vector>

namespace swaplab {

struct Extra {
    std::vector<std::string> path;  // keys and indices from the root; the last is the `x-` key
    std::string json;               // the value

    friend auto operator<=>(const Extra&, const Extra&) = default;
};
using Extras = std::vector<Extra>;

class Value;

// All of them, sorted by path. What stands inside one belongs to it.
Extras extras_of(const Value& root);

// `json` (an object, as JsonWriter writes it) with the extras at the end of their objects. An
// object that is missing is made; an extra whose place is gone (an index beyond a list) is left
// out.
std::string with_extras(const std::string& json, const Extras& extras);

}  // namespace swaplab
