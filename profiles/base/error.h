// The three manners of failure. A broken program aborts (`SWAPLAB_CHECK`). Bad input throws
// `InputError`, caught once in main (exit code 2). An expected outcome is a value.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace swaplab {

// Bad input: a person can act on `what()`, which names file, line, column and field where there
// are any, what was expected and what was found.
class InputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// A thing that was asked for and that this build or machine cannot do (exit code 77).
class UnsupportedError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// " (did you mean 'x'?)" for the nearest of `known` by edit distance, or " (known: a, b, c)" where
// none is near; empty if nothing is known.
std::string suggestion(std::string_view unknown, const std::vector<std::string>& known);

// For messages: `content` in double quotes, cut after 60 bytes, control characters and bytes that
// are not UTF-8 escaped.
std::string in_quotes(std::string_view content);

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& message);

}  // namespace swaplab

// Aborts with the message when `condition` does not hold, in every build type. The message names
// both values: SWAPLAB_CHECK(at >= now, "event at {} ns, now {} ns", ...). Needs
// profiles/base/text.h.
#define SWAPLAB_CHECK(condition, ...)                                                              \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::swaplab::check_failed(__FILE__, __LINE__, #condition, ::swaplab::text(__VA_ARGS__)); \
    } while (false)
