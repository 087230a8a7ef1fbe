// How both parsers build a document: events in, one positioned tree out. Only the parsers include
// it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiles/document/document.h"

namespace swaplab {

inline constexpr std::size_t kDeepest = 64;            // containers within one another
inline constexpr std::size_t kMostValues = 2'000'000;  // keeps a tree below about 1 GB of memory

// Where an offset of a text lies. Offsets must not decrease from call to call, so that a whole file
// costs one pass. Only '\n' ends a line.
class LineCounter {
  public:
    explicit LineCounter(std::string_view text) : text_(text) {}
    Position at(std::size_t offset);

  private:
    std::string_view text_;
    std::size_t seen_ = 0;
    std::size_t line_start_ = 0;
    int line_ = 1;
};

// Receives the events of a parser in the order of the file and fails on duplicate keys, depth and
// size, with position and path.
class TreeBuilder {
  public:
    explicit TreeBuilder(std::string file);

    // True where the next event must be a key (or the end of the object).
    bool expects_key() const;
    void key(std::string text, Position at);
    void scalar(Value::Kind kind, std::string text, Position at);
    void open(Value::Kind kind, Position at);
    void close();

    // Fails with "file:line:col: path: message", the path being that of the value awaited.
    [[noreturn]] void fail(Position at, const std::string& message) const;

    // Fails at the start of the innermost container that is open.
    [[noreturn]] void fail_unclosed();

    Document take();

  private:
    struct Frame {
        Value container;
        std::string key;  // of the member awaited
        Position key_at;
        bool has_key = false;
        std::unordered_map<std::string, Position> keys;  // where each stands
    };
    Value& count(Value& value, Position at);
    void add(Value value);
    std::string path() const;

    std::string file_;
    Value root_;
    std::vector<Frame> open_;
    std::size_t values_ = 0;
};

// The path of a member or of an item below `path`, as messages write it.
std::string member_path(const std::string& path, std::string_view key);
std::string item_path(const std::string& path, std::size_t index);

// The text without its byte order mark. Throws `InputError` if it is empty, not UTF-8, or has
// control characters that no text has. `format` is what was expected, for messages.
std::string checked_text(std::string text, const std::string& file, std::string_view format);

// The bytes of a file of at most `limit` bytes. Throws `InputError` if it cannot be read.
std::string read_whole(const std::string& path, std::size_t limit);

}  // namespace swaplab
