#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "profiles/document/document_tree.h"

namespace swaplab {
namespace {

// The names of these classes' functions are RapidJSON's.
// NOLINTBEGIN(readability-identifier-naming)

// RapidJSON looks at no result of its own allocator.
class JsonMemory {
  public:
    static constexpr bool kNeedFree = true;

    void* Malloc(std::size_t size) { return size == 0 ? nullptr : got(std::malloc(size)); }
    void* Realloc(void* memory, std::size_t, std::size_t size) {
        if (size > 0) return got(std::realloc(memory, size));
        std::free(memory);
        return nullptr;
    }
    static void Free(void* memory) { std::free(memory); }

  private:
    static void* got(void* memory) {
        if (memory == nullptr) throw std::bad_alloc();
        return memory;
    }
};

using JsonReader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, JsonMemory>;

// RapidJSON's own memory stream, except that it is not marked for copying: the reader would advance
// a local copy and `Tell` would lag behind the events.
class JsonStream {
  public:
    using Ch = char;

    explicit JsonStream(const std::string& text) : text_(text) {}

    Ch Peek() const { return text_.c_str()[at_]; }  // '\0' at the end, which no checked text holds
    Ch Take() { return text_.c_str()[at_++]; }
    std::size_t Tell() const { return at_; }

    // Required of a stream, never called on one that is only read.
    Ch* PutBegin() { return nullptr; }
    void Put(Ch) {}
    void Flush() {}
    std::size_t PutEnd(Ch*) { return 0; }

  private:
    const std::string& text_;
    std::size_t at_ = 0;
};

// The reader calls a handler when it has consumed a token (for brackets: when it is about to), so
// that a token starts at the first byte after the one before that is no separator.
class JsonHandler {
  public:
    JsonHandler(const std::string& text, const JsonStream& stream, TreeBuilder& tree)
        : text_(text), stream_(stream), lines_(text), tree_(tree) {}

    bool Null() { return scalar(Value::Kind::null, "null"); }
    bool Bool(bool flag) { return scalar(Value::Kind::boolean, flag ? "true" : "false"); }
    bool RawNumber(const char* number, rapidjson::SizeType size, bool) {
        return scalar(Value::Kind::number, std::string(number, size));
    }
    bool String(const char* content, rapidjson::SizeType size, bool) {
        return scalar(Value::Kind::string, std::string(content, size));
    }
    bool Key(const char* name, rapidjson::SizeType size, bool) {
        tree_.key(std::string(name, size), start());
        end_ = stream_.Tell();
        return true;
    }
    bool StartObject() { return open(Value::Kind::object); }
    bool StartArray() { return open(Value::Kind::array); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }

    // With numbers as strings the reader has no use for these.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    Position position(std::size_t offset) { return lines_.at(offset); }
    std::size_t start_offset() const {
        const std::size_t found = text_.find_first_not_of(" \t\r\n,:", end_);
        return found == std::string::npos ? text_.size() : found;
    }

  private:
    Position start() { return lines_.at(start_offset()); }
    bool scalar(Value::Kind kind, std::string content) {
        tree_.scalar(kind, std::move(content), start());
        end_ = stream_.Tell();
        return true;
    }
    bool open(Value::Kind kind) {
        tree_.open(kind, start());
        end_ = start_offset() + 1;
        return true;
    }
    bool close() {
        tree_.close();
        end_ = start_offset() + 1;
        return true;
    }

    const std::string& text_;
    const JsonStream& stream_;
    LineCounter lines_;
    TreeBuilder& tree_;
    std::size_t end_ = 0;  // of the last token
};

// NOLINTEND(readability-identifier-naming)

std::string expected_by(rapidjson::ParseErrorCode code) {
    switch (code) {
        case rapidjson::kParseErrorDocumentEmpty: return "a JSON object";
        case rapidjson::kParseErrorDocumentRootNotSingular:
            return "the end of the file after the value";
        case rapidjson::kParseErrorValueInvalid: return "a JSON value";
        case rapidjson::kParseErrorObjectMissName: return "a key in double quotes";
        case rapidjson::kParseErrorObjectMissColon: return "':' after the key";
        case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
            return "',' or '}' after a member";
        case rapidjson::kParseErrorArrayMissCommaOrSquareBracket: return "',' or ']' after an item";
        case rapidjson::kParseErrorStringMissQuotationMark: return "a string that is closed";
        case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
            return "four hex digits after \\u";
        case rapidjson::kParseErrorStringUnicodeSurrogateInvalid: return "a pair of \\u surrogates";
        case rapidjson::kParseErrorStringEscapeInvalid:
            return "no control character and only JSON's escapes in a string";
        case rapidjson::kParseErrorNumberMissFraction: return "a digit after the point";
        case rapidjson::kParseErrorNumberMissExponent: return "a digit in the exponent";
        case rapidjson::kParseErrorNumberTooBig: return "a number that fits a double";
        default: return text("JSON ({})", rapidjson::GetParseError_En(code));
    }
}

// The word at `offset`, for messages.
std::string found_at(const std::string& content, std::size_t offset) {
    if (offset >= content.size()) return "the end of the file";
    if (content[offset] == '"') return "a quotation mark";
    const std::size_t end = content.find_first_of(" \t\r\n,:{}[]\"", offset);
    return in_quotes(content.substr(offset, std::max<std::size_t>(end - offset, 1)));
}

[[noreturn]] void fail(const rapidjson::ParseResult& error, const std::string& content,
                       JsonHandler& handler, const TreeBuilder& tree) {
    // Some errors point behind the token they are about; its start says more.
    const bool in_token = error.Code() == rapidjson::kParseErrorValueInvalid ||
                          error.Code() == rapidjson::kParseErrorNumberTooBig ||
                          error.Code() == rapidjson::kParseErrorStringMissQuotationMark;
    const std::size_t start = handler.start_offset();
    const std::size_t at = in_token ? start : std::max(start, error.Offset());
    const bool unclosed = error.Code() == rapidjson::kParseErrorStringMissQuotationMark;
    tree.fail(handler.position(at), text("expected {}, found {}", expected_by(error.Code()),
                                         found_at(content, unclosed ? content.size() : at)));
}

}  // namespace

Document parse_json(std::string source, std::string file) {
    const std::string content = checked_text(std::move(source), file, "a JSON object");
    TreeBuilder tree(std::move(file));
    JsonStream stream(content);
    JsonHandler handler(content, stream, tree);
    JsonReader reader;
    // Iterative: the depth of the text never becomes depth of the stack.
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseNumbersAsStringsFlag |
                               rapidjson::kParseValidateEncodingFlag;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
    if (result.IsError()) fail(result, content, handler, tree);
    return tree.take();
}

}  // namespace swaplab
