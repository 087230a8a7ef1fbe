// A stream that writes to an open descriptor and remembers why it failed.
#pragma once

#include <array>
#include <ostream>
#include <streambuf>

namespace swaplab {

class DescriptorBuffer final : public std::streambuf {
  public:
    explicit DescriptorBuffer(int descriptor);
    int error() const { return error_; }

  private:
    bool write_all(const char* data, std::size_t size);
    bool drain();

    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* data, std::streamsize size) override;
    int sync() override { return drain() ? 0 : -1; }

    int descriptor_;
    int error_ = 0;
    std::array<char, 65536> buffer_{};
};

class DescriptorStream final : public std::ostream {
  public:
    // Borrows the descriptor.
    explicit DescriptorStream(int descriptor) : std::ostream(nullptr), buffer_(descriptor) {
        rdbuf(&buffer_);
    }
    // Of the first write that failed; 0 if none did.
    int error() const { return buffer_.error(); }

  private:
    DescriptorBuffer buffer_;
};

}  // namespace swaplab
