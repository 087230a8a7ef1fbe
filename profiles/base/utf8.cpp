#include "profiles/base/utf8.h"

namespace swaplab {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
    return static_cast<unsigned char>(text[i]);
}

// The smallest code point that needs so many bytes: smaller ones are overlong forms.
constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};

}  // namespace

std::uint32_t code_point(std::string_view character) {
    const unsigned char first = byte_at(character, 0);
    if (character.size() == 1) return first;
    std::uint32_t code = first & (0xFFU >> (character.size() + 1));
    for (std::size_t k = 1; k < character.size(); ++k)
        code = code << 6 | (byte_at(character, k) & 0x3FU);
    return code;
}

std::size_t utf8_size(std::string_view text, std::size_t at) {
    const unsigned char first = byte_at(text, at);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return 0;
    for (std::size_t k = 1; k < size; ++k)
        if ((byte_at(text, at + k) & 0xC0) != 0x80) return 0;
    const std::uint32_t code = code_point(text.substr(at, size));
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < kSmallest[size] || code > 0x10FFFF || surrogate ? 0 : size;
}

}  // namespace swaplab
