// Bytes on their way to a stream, which takes them in large blocks.
#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>
#include <vector>

namespace swaplab {

class BlockBuffer {
  public:
    static constexpr std::size_t kBlock = std::size_t{256} << 10;
    static constexpr std::size_t kMostAtOnce = std::size_t{4} << 10;

    // Borrows the stream.
    explicit BlockBuffer(std::ostream& out) : out_(out), bytes_(kBlock + kMostAtOnce) {}

    // Where the next bytes go: up to kMostAtOnce, then `advance_to` where they end.
    char* next() {
        if (size_ >= kBlock) [[unlikely]]
            flush();
        return bytes_.data() + size_;
    }
    void advance_to(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.data()); }

    void append(std::string_view text);
    void flush();

  private:
    std::ostream& out_;
    std::vector<char> bytes_;
    std::size_t size_ = 0;
};

}  // namespace swaplab
