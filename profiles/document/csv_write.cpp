#include <algorithm>
#include <charconv>

#include "profiles/document/csv.h"

namespace swaplab {
namespace {

constexpr std::string_view kOfFormulas = "=+-@\t\r";

bool begins_like_a_formula(std::string_view text) {
    return !text.empty() && kOfFormulas.find(text.front()) != std::string_view::npos;
}

bool is_number(std::string_view text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end;
}

}  // namespace

std::string csv_field(std::string_view text) {
    std::string field(begins_like_a_formula(text) && !is_number(text) ? "'" : "");
    field += text;
    const bool blank_end = !field.empty() && (field.front() == ' ' || field.back() == ' ');
    if (!blank_end && field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string quoted = "\"";
    for (const char c : field) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string without_guard(std::string_view text) {
    const bool guarded = text.starts_with('\'') && begins_like_a_formula(text.substr(1));
    return std::string(guarded ? text.substr(1) : text);
}

}  // namespace swaplab
