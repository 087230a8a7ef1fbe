// What people are told goes through here, line by line, with control characters shown instead of
// sent: names of files and models, and what libraries say, may hold any.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace swaplab {

// The only escape codes that tables hold.
inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kPlain = "\x1b[0m";

// Lines as a terminal may get them: all but line feeds escaped, and with `color` all but these two
// codes.
std::string printable_lines(std::string_view text, bool color);

class MessageBuffer final : public std::streambuf {
  public:
    explicit MessageBuffer(std::ostream& to) : to_(to) {}
    ~MessageBuffer() override;

  private:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* data, std::streamsize size) override;
    int sync() override;
    void pass_on_lines();

    std::ostream& to_;
    std::string line_;  // whose end is not there yet
};

class MessageStream final : public std::ostream {
  public:
    // Borrows the stream.
    explicit MessageStream(std::ostream& to) : std::ostream(nullptr), buffer_(to) {
        rdbuf(&buffer_);
        exceptions(std::ios::badbit);  // there was no memory for a message
    }

  private:
    MessageBuffer buffer_;
};

}  // namespace swaplab
