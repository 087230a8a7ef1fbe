#include <algorithm>
#include <cmath>

#include "profiles/base/printable.h"
#include "profiles/base/text.h"
#include "profiles/base/utf8.h"
#include "profiles/document/document.h"

namespace swaplab {

struct JsonWriter::Impl {
    struct Level {
        bool object = false;
        bool empty = true;
        bool has_key = false;
    };

    explicit Impl(Style chosen) : style(chosen) {}

    void break_line() {
        if (style == Style::pretty) out.append(1, '\n').append(2 * levels.size(), ' ');
    }

    void next_entry(Level& level) {
        if (!level.empty) out += style == Style::pretty ? "," : ", ";
        level.empty = false;
        break_line();
    }

    // Everything between the entry before and the value that follows.
    void begin_value() {
        if (levels.empty()) {
            SWAPLAB_CHECK(out.empty(), "a second root value after {}", out);
            return;
        }
        Level& level = levels.back();
        SWAPLAB_CHECK(level.has_key == level.object, "a value {} a key",
                      level.object ? "without" : "with");
        if (!level.object) next_entry(level);
        level.has_key = false;
    }

    void begin(bool object) {
        begin_value();
        out += object ? '{' : '[';
        levels.push_back({object});
    }

    void end(bool object) {
        SWAPLAB_CHECK(!levels.empty() && levels.back().object == object && !levels.back().has_key,
                      "the end of {} that is not open, or after a key",
                      object ? "an object" : "an array");
        const bool empty = levels.back().empty;
        levels.pop_back();
        if (!empty) break_line();
        out += object ? '}' : ']';
    }

    void put(std::string_view token) {
        begin_value();
        out += token;
    }

    Style style;
    std::string out;
    std::vector<Level> levels;
};

namespace {

std::string escaped(std::string_view character) {
    switch (character.front()) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: return text("\\u{:04x}", code_point(character));
    }
}

std::string json_string(std::string_view content) {
    std::string result = "\"";
    for (std::size_t i = 0; i < content.size();) {
        const std::size_t size = utf8_size(content, i);
        const char c = content[i];
        if (size == 0) {
            result += "\\ufffd";
        } else if (c == '"' || c == '\\' || unprintable_size(content, i) > 0) {
            result += escaped(content.substr(i, size));
        } else {
            result += content.substr(i, size);
        }
        i += std::max<std::size_t>(size, 1);
    }
    return result + '"';
}

}  // namespace

JsonWriter::JsonWriter(Style style) : impl_(std::make_unique<Impl>(style)) {}
JsonWriter::~JsonWriter() = default;
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;
JsonWriter& JsonWriter::operator=(JsonWriter&&) noexcept = default;

JsonWriter& JsonWriter::begin_object() {
    impl_->begin(true);
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    impl_->end(true);
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    impl_->begin(false);
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    impl_->end(false);
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    SWAPLAB_CHECK(
        !impl_->levels.empty() && impl_->levels.back().object && !impl_->levels.back().has_key,
        "key '{}' outside of an object, or after another key", name);
    impl_->next_entry(impl_->levels.back());
    impl_->out += json_string(name) + ": ";
    impl_->levels.back().has_key = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view content) {
    impl_->put(json_string(content));
    return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
    impl_->put(text("{}", number));
    return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
    impl_->put(text("{}", number));
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    SWAPLAB_CHECK(std::isfinite(number), "JSON has no {}", number);
    // fmt writes the shortest digits that read back, in every locale; ".0" keeps a double a double
    // for readers that tell the two apart.
    std::string shortest = text("{}", number);
    if (shortest.find_first_not_of("-0123456789") == std::string::npos) shortest += ".0";
    impl_->put(shortest);
    return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
    impl_->put(flag ? "true" : "false");
    return *this;
}

JsonWriter& JsonWriter::null() {
    impl_->put("null");
    return *this;
}

JsonWriter& JsonWriter::value(const Value& tree) {
    switch (tree.kind) {
        case Value::Kind::null: return null();
        case Value::Kind::boolean: return value(tree.boolean);
        case Value::Kind::number: impl_->put(tree.scalar); return *this;
        case Value::Kind::string: return value(std::string_view(tree.scalar));
        case Value::Kind::array:
            begin_array();
            for (const Value& item : tree.items) value(item);
            return end_array();
        case Value::Kind::object:
            begin_object();
            for (const auto& [name, member] : tree.members) key(name).value(member);
            return end_object();
    }
    return *this;
}

std::string JsonWriter::str() const {
    SWAPLAB_CHECK(impl_->levels.empty(), "{} levels are still open", impl_->levels.size());
    return impl_->out;
}

}  // namespace swaplab
