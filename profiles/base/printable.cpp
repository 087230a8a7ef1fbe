#include "profiles/base/printable.h"

#include <algorithm>

#include "profiles/base/text.h"
#include "profiles/base/utf8.h"

namespace swaplab {
namespace {

bool is_control(std::uint32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// Ends a line, or turns the direction of what follows.
bool is_layout(std::uint32_t code) {
    return code == 0x2028 || code == 0x2029 || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

std::string escaped(std::string_view character) {
    if (character == "\n") return "\\n";
    if (character == "\r") return "\\r";
    if (character == "\t") return "\\t";
    if (character.size() == 1) return text("\\x{:02x}", static_cast<unsigned char>(character[0]));
    return text("\\u{:04x}", code_point(character));
}

}  // namespace

std::size_t unprintable_size(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first >= 0x20 && first < 0x7F) return 0;
    const std::size_t size = utf8_size(text, at);
    if (size == 0) return 1;
    const std::uint32_t code = code_point(text.substr(at, size));
    return is_control(code) || is_layout(code) ? size : 0;
}

std::string printable(std::string_view text) {
    const auto plain = [](char c) { return c >= 0x20 && c < 0x7F; };
    if (std::ranges::all_of(text, plain)) return std::string(text);  // nearly always
    std::string shown;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t hidden = unprintable_size(text, i);
        const std::size_t size = hidden > 0 ? hidden : utf8_size(text, i);
        const std::string_view character = text.substr(i, size);
        shown += hidden > 0 ? escaped(character) : std::string(character);
        i += size;
    }
    return shown;
}

}  // namespace swaplab
