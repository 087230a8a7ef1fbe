// Positioned documents: JSON or YAML read into one tree that knows where each value stands, and
// JSON written out. No other header names a JSON or YAML library.
//
// The common libraries accept duplicate keys silently and lose positions; this loader rejects
// duplicate keys, unknown keys (`Fields::finish`), non-integers where integers are meant, NaN,
// integers above 2^63-1, depth above 64, more than 2 million values, text that is not UTF-8 and
// whatever of YAML JSON cannot say (anchors, aliases, tags, several documents), always naming file,
// line, column and field. A plain YAML scalar is null, a boolean or a number where JSON would read
// it as one, else a string; a quoted one is a string. Keys that begin with `x-` are carried through
// untouched (profiles/document/extras.h); `$schema` at the root names a schema to editors, must be
// a string, and is dropped like a comment.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiles/base/error.h"

namespace swaplab {

struct Position {
    int line = 0;    // from 1
    int column = 0;  // from 1, in bytes
};

class Value {
  public:
    enum class Kind { null, boolean, number, string, array, object };
    struct Member;

    Kind kind = Kind::null;
    Position at;
    Position key_at;  // of a member: where its key stands
    bool boolean = false;
    std::string scalar;           // a number or boolean as it was written, a string's content
    std::vector<Value> items;     // of an array
    std::vector<Member> members;  // of an object, in the order of the file
};

// A struct, since clang has no std::pair of a type that is still being defined.
struct Value::Member {
    std::string first;  // the key
    Value second;
};

// A parsed file. `file` is what messages call it.
struct Document {
    std::string file;
    Value root;
};

// Throw `InputError` on anything else. A UTF-8 byte order mark is skipped.
Document parse_json(std::string text, std::string file);
Document parse_yaml(std::string text, std::string file);
// Reads the whole file; YAML if it ends in .yaml or .yml, else JSON. Throws `InputError` if it
// cannot be read (missing, a directory, JSON larger than 256 MiB, YAML larger than 16 MiB), is
// empty or binary.
Document load_document(const std::string& path);

// A value together with the path of fields that leads to it, for messages. Borrows the document,
// which must outlive it.
class Field {
  public:
    Field(const Document& document, const Value& value, std::string path);
    static Field root(const Document& document);

    const Value& value() const { return *value_; }
    const std::string& path() const { return path_; }

    // Typed access; each throws `InputError` naming what was expected and what was found.
    bool as_bool() const;
    std::string as_string() const;
    std::string as_text() const;       // a string, number or boolean as it was written
    std::int64_t as_integer() const;   // 1e3 and 5.0 are not integers; range of int64
    std::int64_t as_count() const;     // an integer >= 0
    std::int64_t as_positive() const;  // an integer > 0
    double as_number() const;          // finite
    double as_cost() const;            // finite and >= 0
    std::vector<Field> as_array() const;

    // Fails with "file:line:col: path: message".
    [[noreturn]] void fail(const std::string& message) const;
    // Likewise, at the key of this member instead of its value.
    [[noreturn]] void fail_at_key(const std::string& message) const;
    // "expected ..., found ..." about this value.
    [[noreturn]] void fail_expecting(std::string_view expected) const;
    // The same position, without throwing: "file:line:col".
    std::string where() const;
    // An element or member of this value, with its path.
    Field item(std::size_t index) const;
    Field member(const Value::Member& member) const;

  private:
    std::string prefix(Position at) const;

    const Document* document_;
    const Value* value_;
    std::string path_;
};

// Reads an object key by key and rejects what nobody asked for. Of the root of a document `$schema`
// counts as asked for.
class Fields {
  public:
    // Fails unless it is an object, and on a root's `$schema` that is no string.
    explicit Fields(const Field& object);

    Field required(std::string_view key);
    std::optional<Field> optional(std::string_view key);
    // All remaining keys that were not asked for (for maps with free keys), in order. Keys that
    // begin with "x-" are not among them.
    std::vector<std::pair<std::string, Field>> rest();
    // Fails on the first key nobody asked for and that does not begin with "x-", suggesting the
    // nearest key that was asked for.
    void finish() const;

  private:
    bool passes_by(std::string_view key) const;  // nobody has to ask for it
    const Value::Member* find(std::string_view key) const;
    [[noreturn]] void fail_missing(std::string_view key) const;

    Field object_;
    std::vector<std::string> asked_;
    bool rest_taken_ = false;
};

// Writes JSON, two-space indented, keys in the order written, doubles in the shortest form that
// reads back to the same double (NaN and infinity abort), byte-identical for identical calls.
// begin/end nest; in an object each value is preceded by key(); misuse aborts. Bytes that are not
// UTF-8 become U+FFFD.
class JsonWriter {
  public:
    enum class Style { pretty, one_line };
    explicit JsonWriter(Style style = Style::pretty);
    ~JsonWriter();
    JsonWriter(JsonWriter&&) noexcept;
    JsonWriter& operator=(JsonWriter&&) noexcept;

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view key);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::int32_t number) { return value(std::int64_t{number}); }
    JsonWriter& value(std::uint32_t number) { return value(std::int64_t{number}); }
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(double number);
    JsonWriter& value(bool flag);
    JsonWriter& value(const Value& tree);  // all of it, numbers as they were written
    JsonWriter& null();

    // key + value in one call.
    template <class T>
    JsonWriter& member(std::string_view name, const T& v) {
        return key(name).value(v);
    }

    // The document so far; call when all is closed. Ends without a newline.
    std::string str() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace swaplab
