#include "profiles/document/file_values.h"

#include <algorithm>
#include <utility>

#include "profiles/base/text.h"

namespace swaplab {

void check_schema(Fields& fields, std::string_view schema) {
    const Field field = fields.required("schema");
    if (field.as_string() != schema) field.fail_expecting(in_quotes(schema));
}

std::string read_name(const Field& field) {
    std::string name = field.as_string();
    const bool printable = std::ranges::none_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (name.empty() || !printable) field.fail_expecting("a name of printable characters");
    return name;
}

Duration read_duration(const Field& field) {
    const Duration duration = nanoseconds(field.as_count());
    if (duration >= kLongestActivity) field.fail_expecting("less than 2^42 ns (73 minutes)");
    return duration;
}

double read_factor(const Field& field) {
    const double factor = field.as_number();
    if (factor <= 0) field.fail_expecting("a number > 0");
    return factor;
}

std::int64_t count_or(Fields& fields, std::string_view key, std::int64_t otherwise) {
    const auto field = fields.optional(key);
    return field ? field->as_count() : otherwise;
}

double cost_or(Fields& fields, std::string_view key, double otherwise) {
    const auto field = fields.optional(key);
    return field ? field->as_cost() : otherwise;
}

double factor_or(Fields& fields, std::string_view key, double otherwise) {
    const auto field = fields.optional(key);
    return field ? read_factor(*field) : otherwise;
}

Duration duration_or(Fields& fields, std::string_view key, Duration otherwise) {
    const auto field = fields.optional(key);
    return field ? read_duration(*field) : otherwise;
}

bool bool_or(Fields& fields, std::string_view key, bool otherwise) {
    const auto field = fields.optional(key);
    return field ? field->as_bool() : otherwise;
}

std::string string_or(Fields& fields, std::string_view key, std::string otherwise) {
    const auto field = fields.optional(key);
    return field ? field->as_string() : std::move(otherwise);
}

}  // namespace swaplab
