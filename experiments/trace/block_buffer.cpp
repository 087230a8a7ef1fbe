#include "experiments/trace/block_buffer.h"

#include <cstring>

namespace swaplab {

void BlockBuffer::append(std::string_view text) {
    if (text.size() > kMostAtOnce) {
        flush();
        out_.write(text.data(), static_cast<std::streamsize>(text.size()));
        return;
    }
    char* const to = next();
    std::memcpy(to, text.data(), text.size());
    advance_to(to + text.size());
}

void BlockBuffer::flush() {
    out_.write(bytes_.data(), static_cast<std::streamsize>(size_));
    size_ = 0;
}

}  // namespace swaplab
