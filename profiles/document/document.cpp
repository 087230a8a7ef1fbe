#include "profiles/document/document.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "profiles/base/text.h"
#include "profiles/document/document_tree.h"

namespace swaplab {
namespace {

// What an editor checks a file by: at the root of any document, and of no concern to its reader.
constexpr std::string_view kSchemaReference = "$schema";

// A value as messages call it.
std::string described(const Value& value) {
    switch (value.kind) {
        case Value::Kind::null: return "null";
        case Value::Kind::boolean: return value.scalar;
        case Value::Kind::number:
            return value.scalar.size() <= 60 ? value.scalar : in_quotes(value.scalar);
        case Value::Kind::string: return "the string " + in_quotes(value.scalar);
        case Value::Kind::array: return "a list";
        case Value::Kind::object: return "an object";
    }
    return "nothing";
}

template <class Number>
std::errc read_number(const std::string& text, Number& number) {
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    return error == std::errc{} && end != last ? std::errc::invalid_argument : error;
}

std::int64_t integer_of(const Field& field, std::string_view expected) {
    if (field.value().kind != Value::Kind::number) field.fail_expecting(expected);
    std::int64_t number = 0;
    const std::errc error = read_number(field.value().scalar, number);
    if (error == std::errc::result_out_of_range) {
        const bool below = field.value().scalar.starts_with('-');
        field.fail_expecting(
            text("{} and {}", expected, below ? "at least -2^63" : "at most 2^63-1"));
    }
    if (error != std::errc{}) field.fail_expecting(expected);
    return number;
}

double number_of(const Field& field, std::string_view expected) {
    if (field.value().kind != Value::Kind::number) field.fail_expecting(expected);
    double number = 0;
    const std::errc error = read_number(field.value().scalar, number);
    if (error == std::errc::result_out_of_range)
        field.fail_expecting(text("{} within a double's range", expected));
    if (error != std::errc{} || !std::isfinite(number)) field.fail_expecting(expected);
    return number;
}

}  // namespace

Field::Field(const Document& document, const Value& value, std::string path)
    : document_(&document), value_(&value), path_(std::move(path)) {}

Field Field::root(const Document& document) { return {document, document.root, ""}; }

bool Field::as_bool() const {
    if (value_->kind != Value::Kind::boolean) fail_expecting("true or false");
    return value_->boolean;
}

std::string Field::as_string() const {
    if (value_->kind != Value::Kind::string) fail_expecting("a string");
    return value_->scalar;
}

std::string Field::as_text() const {
    const bool is_text = value_->kind == Value::Kind::string ||
                         value_->kind == Value::Kind::number ||
                         value_->kind == Value::Kind::boolean;
    if (!is_text) fail_expecting("a string or a number");
    return value_->scalar;
}

std::int64_t Field::as_integer() const { return integer_of(*this, "a whole number"); }

std::int64_t Field::as_count() const {
    constexpr std::string_view expected = "a whole number >= 0";
    const std::int64_t number = integer_of(*this, expected);
    if (number < 0) fail_expecting(expected);
    return number;
}

std::int64_t Field::as_positive() const {
    constexpr std::string_view expected = "a whole number > 0";
    const std::int64_t number = integer_of(*this, expected);
    if (number <= 0) fail_expecting(expected);
    return number;
}

double Field::as_number() const { return number_of(*this, "a number"); }

double Field::as_cost() const {
    constexpr std::string_view expected = "a number >= 0";
    const double number = number_of(*this, expected);
    if (number < 0) fail_expecting(expected);
    return number;
}

std::vector<Field> Field::as_array() const {
    if (value_->kind != Value::Kind::array) fail_expecting("a list");
    std::vector<Field> fields;
    fields.reserve(value_->items.size());
    for (std::size_t i = 0; i < value_->items.size(); ++i) fields.push_back(item(i));
    return fields;
}

Field Field::item(std::size_t index) const {
    SWAPLAB_CHECK(index < value_->items.size(), "item {} of {}", index, value_->items.size());
    return {*document_, value_->items[index], item_path(path_, index)};
}

Field Field::member(const Value::Member& member) const {
    return {*document_, member.second, member_path(path_, member.first)};
}

void Field::fail(const std::string& message) const {
    throw InputError(prefix(value_->at) + message);
}

void Field::fail_at_key(const std::string& message) const {
    throw InputError(prefix(value_->key_at) + message);
}

void Field::fail_expecting(std::string_view expected) const {
    fail(text("expected {}, found {}", expected, described(*value_)));
}

std::string Field::where() const {
    return text("{}:{}:{}", document_->file, value_->at.line, value_->at.column);
}

std::string Field::prefix(Position at) const {
    return text("{}:{}:{}: {}{}", document_->file, at.line, at.column, path_,
                path_.empty() ? "" : ": ");
}

Fields::Fields(const Field& object) : object_(object) {
    if (object.value().kind != Value::Kind::object) object.fail_expecting("an object");
    if (!object.path().empty()) return;
    if (const Value::Member* const reference = find(kSchemaReference))
        static_cast<void>(object_.member(*reference).as_string());
}

Field Fields::required(std::string_view key) {
    const std::optional<Field> found = optional(key);
    if (!found) fail_missing(key);
    return *found;
}

std::optional<Field> Fields::optional(std::string_view key) {
    asked_.emplace_back(key);
    const Value::Member* const member = find(key);
    if (member == nullptr) return std::nullopt;
    return object_.member(*member);
}

std::vector<std::pair<std::string, Field>> Fields::rest() {
    std::vector<std::pair<std::string, Field>> rest;
    for (const Value::Member& member : object_.value().members) {
        if (passes_by(member.first) || std::ranges::find(asked_, member.first) != asked_.end())
            continue;
        rest.emplace_back(member.first, object_.member(member));
    }
    rest_taken_ = true;
    return rest;
}

void Fields::finish() const {
    if (rest_taken_) return;
    for (const Value::Member& member : object_.value().members) {
        if (passes_by(member.first) || std::ranges::find(asked_, member.first) != asked_.end())
            continue;
        object_.member(member).fail_at_key("unknown key" + suggestion(member.first, asked_));
    }
}

bool Fields::passes_by(std::string_view key) const {
    return key.starts_with("x-") || (key == kSchemaReference && object_.path().empty());
}

const Value::Member* Fields::find(std::string_view key) const {
    const auto& members = object_.value().members;
    const auto found = std::ranges::find(members, key, &Value::Member::first);
    return found == members.end() ? nullptr : &*found;
}

// A missing key is often there under a slightly wrong name; then that is what to mend.
void Fields::fail_missing(std::string_view key) const {
    const std::vector<std::string> wanted{std::string(key)};
    const std::string near = suggestion(key, wanted);
    for (const Value::Member& member : object_.value().members) {
        const bool is_near = !passes_by(member.first) && suggestion(member.first, wanted) == near &&
                             std::ranges::find(asked_, member.first) == asked_.end();
        if (is_near) object_.member(member).fail_at_key("unknown key" + near);
    }
    object_.fail(text("missing key {}", in_quotes(key)));
}

}  // namespace swaplab
