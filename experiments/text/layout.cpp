#include "experiments/text/layout.h"

#include <algorithm>

namespace swaplab {

namespace {

// The length of an escape code at the start of `text`, 0 if there is none.
std::size_t escape_code(std::string_view text) {
    if (!text.starts_with("\x1b[")) return 0;
    const std::size_t end = text.find('m');
    return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (const std::size_t code = escape_code(text.substr(i)); code > 0) {
            i += code;
            continue;
        }
        const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
        if (!continues) ++width;
        ++i;
    }
    return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent, std::size_t start) {
    std::string wrapped;
    std::size_t column = start;
    bool fresh = true;  // nothing stands on this line yet
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(std::min(space + 1, text.size()));
        if (word.empty()) continue;
        const std::size_t needed = display_width(word);
        if (!fresh && column + 1 + needed > width) {
            wrapped += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (!fresh) {
            wrapped += ' ';
            ++column;
        }
        wrapped += word;
        column += needed;
        fresh = false;
    }
    return wrapped;
}

std::string definition(std::string_view name, std::string_view body, std::size_t column,
                       std::size_t width) {
    std::string head = "  " + std::string(name);
    if (display_width(head) + 2 > column && !name.empty()) head += '\n';
    const std::size_t used = head.ends_with('\n') ? 0 : display_width(head);
    head.append(column - used, ' ');
    return head + wrap(body, width, column, column) + '\n';
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string joined;
    for (const std::string& part : parts) {
        if (!joined.empty()) joined += separator;
        joined += part;
    }
    return joined;
}

std::string alternatives(std::vector<std::string> parts, std::string_view separator) {
    if (parts.size() < 2) return join(parts, separator);
    const std::string last = std::move(parts.back());
    parts.pop_back();
    return join(parts, separator) +
           (separator == ", " ? std::string(" or ") : std::string(separator) + "or ") + last;
}

}  // namespace swaplab
