// Without memory a message is not lost in silence, and is nobody's end.
#include "experiments/shell/message_stream.h"

#include <gtest/gtest.h>

#include <new>
#include <sstream>

namespace swaplab {
namespace {

class NoMemory final : public std::streambuf {
    int_type overflow(int_type) override { throw std::bad_alloc(); }
    std::streamsize xsputn(const char*, std::streamsize) override { throw std::bad_alloc(); }
};

TEST(MessageStream, SaysThatThereIsNoMemory) {
    NoMemory none;
    std::ostream to(&none);
    to.exceptions(std::ios::badbit);
    MessageStream messages(to);
    EXPECT_THROW(messages << "a whole line\n", std::bad_alloc);
}

TEST(MessageStream, EndsWithoutMemoryForItsLastLine) {
    NoMemory none;
    std::ostream to(&none);
    to.exceptions(std::ios::badbit);
    EXPECT_NO_THROW({
        MessageStream messages(to);
        messages << "begun";
    });
}

}  // namespace
}  // namespace swaplab
