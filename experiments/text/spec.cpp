#include "experiments/text/spec.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> pieces;
    while (true) {
        const std::size_t end = text.find(separator);
        pieces.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return pieces;
        text.remove_prefix(end + 1);
    }
}

Spec parse_spec(std::string_view text, std::string_view what) {
    const std::size_t colon = text.find(':');
    Spec spec{std::string(text), std::string(text.substr(0, colon)), {}};
    if (spec.name.empty()) throw InputError(swaplab::text("{} '{}' has no name", what, text));
    if (colon == std::string_view::npos) return spec;
    for (const std::string& option : split(text.substr(colon + 1), ',')) {
        const std::size_t equals = option.find('=');
        if (equals == std::string::npos || equals == 0)
            throw InputError(
                swaplab::text("{} '{}': expected key=value, found '{}'", what, text, option));
        const std::string key = option.substr(0, equals);
        const bool twice = std::any_of(spec.options.begin(), spec.options.end(),
                                       [&](const auto& known) { return known.first == key; });
        if (twice) throw InputError(swaplab::text("{} '{}': '{}' comes twice", what, text, key));
        spec.options.emplace_back(key, option.substr(equals + 1));
    }
    return spec;
}

void require_known(std::string_view what, std::string_view value,
                   const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    throw InputError(text("unknown {} '{}'{}", what, value, suggestion(value, known)));
}

}  // namespace swaplab
