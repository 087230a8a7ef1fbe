#include "experiments/shell/message_stream.h"

#include <algorithm>
#include <exception>

#include "profiles/base/printable.h"

namespace swaplab {

namespace {

// Up to the next line feed, or code of ours.
std::size_t plain_size(std::string_view text, bool color) {
    std::size_t size = std::min(text.find('\n'), text.size());
    if (color)
        for (const std::string_view code : {kBold, kPlain}) size = std::min(size, text.find(code));
    return size;
}

}  // namespace

std::string printable_lines(std::string_view text, bool color) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t plain = plain_size(text, color);
        shown += printable(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t ours = text.front() == '\n' ? 1 : kBold.size();
        shown += text.substr(0, ours);
        text.remove_prefix(ours);
    }
    return shown;
}

// Without memory for the last line, or a stream that takes it, it stays unsaid: whoever asked for it
// was told.
MessageBuffer::~MessageBuffer() {
    try {
        MessageBuffer::sync();
    } catch (const std::exception&) {
        line_.clear();
    }
}

void MessageBuffer::pass_on_lines() {
    const std::size_t end = line_.rfind('\n');
    if (end == std::string::npos) return;
    to_ << printable_lines(std::string_view(line_).substr(0, end + 1), false) << std::flush;
    line_.erase(0, end + 1);
}

std::streambuf::int_type MessageBuffer::overflow(int_type c) {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    line_ += traits_type::to_char_type(c);
    pass_on_lines();
    return c;
}

std::streamsize MessageBuffer::xsputn(const char* data, std::streamsize size) {
    line_.append(data, static_cast<std::size_t>(size));
    pass_on_lines();
    return size;
}

int MessageBuffer::sync() {
    if (line_.empty()) return 0;
    to_ << printable_lines(line_, false) << std::flush;
    line_.clear();
    return 0;
}

}  // namespace swaplab
