#include "profiles/base/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <span>
#include <vector>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

struct Scale {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array kSizes{
    Scale{"B", 1},           Scale{"KiB", 1LL << 10},    Scale{"MiB", 1LL << 20},
    Scale{"GiB", 1LL << 30}, Scale{"TiB", 1LL << 40},    Scale{"kB", 1'000},
    Scale{"MB", 1'000'000},  Scale{"GB", 1'000'000'000}, Scale{"TB", 1'000'000'000'000},
};
constexpr std::array kTimes{
    Scale{"ns", 1},
    Scale{"us", 1'000},
    Scale{"ms", 1'000'000},
    Scale{"s", 1'000'000'000},
};

// What is being read, for messages.
struct Quantity {
    std::string_view text;
    std::string_view expected;
    std::span<const Scale> units;

    [[noreturn]] void fail(const std::string& why) const {
        throw InputError(swaplab::text("expected {}, found {}{}", expected, in_quotes(text), why));
    }

    std::int64_t factor_of(std::string_view unit) const {
        if (unit.empty()) return 1;
        std::vector<std::string> known;
        for (const Scale& candidate : units) {
            if (candidate.name == unit) return candidate.factor;
            known.emplace_back(candidate.name);
        }
        fail(swaplab::text(": unknown unit {}{}", in_quotes(unit), suggestion(unit, known)));
    }
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view leading_digits(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size])) ++size;
    return text.substr(0, size);
}

// floor(0.digits * factor), exactly: by Horner's rule from the last digit, rounding down at every
// step, which composes (floor((a + x) / n) = floor((a + floor(x)) / n)).
std::int64_t scaled_fraction(std::string_view digits, std::int64_t factor) {
    std::int64_t scaled = 0;
    for (std::size_t i = digits.size(); i-- > 0;)
        scaled = (factor * (digits[i] - '0') + scaled) / 10;
    return scaled;
}

std::int64_t parse(const Quantity& quantity) {
    std::string_view left = quantity.text;
    const std::string_view whole = leading_digits(left);
    if (whole.empty()) quantity.fail("");
    left.remove_prefix(whole.size());
    std::string_view fraction;
    if (left.starts_with('.')) {
        fraction = leading_digits(left.substr(1));
        if (fraction.empty()) quantity.fail(": digits are missing after the point");
        left.remove_prefix(1 + fraction.size());
    }
    const std::int64_t factor = quantity.factor_of(left);
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
    const bool too_large = error != std::errc{} || __builtin_mul_overflow(count, factor, &count) ||
                           __builtin_add_overflow(count, scaled_fraction(fraction, factor), &count);
    if (too_large) quantity.fail(", which is above 2^63-1");
    return count;
}

// `units` ascend by one factor each; values that would round up to 1000.00 or 1024.00 of one unit
// are written in the next.
std::string format(std::int64_t count, std::span<const Scale> units) {
    const double magnitude = std::abs(static_cast<double>(count));
    std::size_t chosen = 0;
    while (chosen + 1 < units.size()) {
        const double next = static_cast<double>(units[chosen + 1].factor);
        const double slack = chosen == 0 ? 0 : 0.005 * static_cast<double>(units[chosen].factor);
        if (magnitude + slack < next) break;
        ++chosen;
    }
    if (chosen == 0) return text("{} {}", count, units[0].name);
    const double scaled = static_cast<double>(count) / static_cast<double>(units[chosen].factor);
    return text("{:.2f} {}", scaled, units[chosen].name);
}

}  // namespace

Bytes parse_bytes(std::string_view text) {
    return {parse({text, "a size such as 843MiB, 1.5GiB or a number of bytes", kSizes})};
}

Duration parse_duration(std::string_view text) {
    return Duration{parse({text, "a duration such as 33ms, 1.5s or a number of ns", kTimes})};
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{} || end != last || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::string format_bytes(Bytes bytes) { return format(bytes.count, std::span(kSizes).first<5>()); }

std::string format_duration(Duration duration) { return format(duration.count(), kTimes); }

}  // namespace swaplab
