#include "tests/faults/mutants/words.h"

#include <array>
#include <cstdlib>
#include <string_view>

#include "profiles/base/text.h"

namespace swaplab::faults {

namespace {

using namespace std::string_view_literals;

// clang-format off
constexpr std::array kNumbers{
    "0"sv, "1"sv, "2"sv, "3"sv, "-1"sv, "-0"sv, "0.0"sv, "0.5"sv, "1.0000000001"sv, "63"sv, "64"sv, "65"sv,
    "255"sv, "256"sv, "4095"sv, "4096"sv, "65535"sv, "65536"sv, "65537"sv, "1048576"sv, "1048577"sv,
    "2147483647"sv, "2147483648"sv, "4294967295"sv, "4294967296"sv, "4398046511103"sv, "4398046511104"sv,
    "9007199254740992"sv, "9007199254740993"sv, "1152921504606846975"sv, "1152921504606846976"sv,
    "4611686018427387904"sv, "9223372036854775807"sv, "9223372036854775808"sv, "18446744073709551615"sv,
    "18446744073709551616"sv, "-9223372036854775808"sv, "1e3"sv, "5.0"sv, "1e-9"sv, "1e-300"sv, "1e-320"sv,
    "1e9"sv, "1e15"sv, "1e18"sv, "1e19"sv, "1e300"sv, "1.7976931348623157e308"sv, "1e309"sv, "NaN"sv, "Infinity"sv,
    "0x10"sv, "1_000"sv, "007"sv, "+1"sv, "1e"sv, ".5"sv};
constexpr std::array kTexts{
    ""sv, " "sv, "input"sv, "*"sv, "x-"sv, "x-a"sv, "a,b"sv, "a:b=c"sv, "=1+1"sv, "@SUM(1)"sv, "-2"sv, "+3"sv,
    "\x1b[2J\x1b]0;title\x07"sv, "a\nb"sv, "a\r"sv, "\t"sv, "\x01\x02"sv, "\x7f"sv, "\xc2\x85"sv, "\xe2\x80\xae"sv,
    "\xff\xfe"sv, "\xc0\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xef\xbb\xbf"sv, "e\xcc\x81"sv, "\xf0\x9f\x98\x80"sv,
    "/dev/full"sv, "%s%n%d"sv, "$(id)"sv, "'\"\\"sv, "<svg onload=1>&amp;"sv, "{}"sv, "{0}"sv, "]]>"sv,
    "null"sv, "true"sv, "1"sv, "NaN"sv, "inf"sv, "---"sv, "&a"sv, "*a"sv, "!!str x"sv};
constexpr std::array kBytes{
    "\0"sv, "\xff"sv, "\xef\xbb\xbf"sv, "\r\n"sv, "\x1a"sv, "\x1b[31m"sv, "\""sv, "'"sv, "{"sv, "}"sv, "["sv, "]"sv,
    ","sv, ":"sv, "#"sv, "\\u0000"sv, "\\ud800"sv, "\n\n"sv, "- "sv, "  "sv};
// clang-format on

std::int64_t times(std::int64_t value, std::int64_t factor) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(value, factor, &product) ? value : product;
}

}  // namespace

std::string boundary_number(Rng& random) { return std::string(one_of(kNumbers, random)); }

std::string number_near(const std::string& number, Rng& random) {
    if (number.find_first_of(".eE") != std::string::npos) {
        constexpr std::array kFactors{0.0, 0.001, 0.5, 0.999999, 1.000001, 2.0, 1000.0, 1e6};
        return text("{}", std::strtod(number.c_str(), nullptr) * one_of(kFactors, random));
    }
    const std::int64_t value = std::strtoll(number.c_str(), nullptr, 10);
    switch (random.between(0, 6)) {
        case 0: return "0";
        case 1: return text("{}", value / 2);
        case 2: return text("{}", times(value, 2));
        case 3: return text("{}", value < INT64_MAX ? value + 1 : value);
        case 4: return text("{}", value > 0 ? value - 1 : value);
        case 5: return text("{}", times(value, 1000));
        default: return text("{}", random.between(0, value > 1 ? value : 100));
    }
}

std::string hostile_text(Rng& random) {
    if (random.chance(4))
        return std::string(static_cast<std::size_t>(random.between(200, 70000)), 'n');
    return std::string(one_of(kTexts, random));
}

void damage(std::string& bytes, Rng& random) {
    const auto size = static_cast<std::int64_t>(bytes.size());
    const auto at = static_cast<std::size_t>(random.between(0, size));
    const auto some = static_cast<std::size_t>(random.between(1, random.chance(20) ? 400 : 8));
    switch (random.between(0, 5)) {
        case 0: bytes.resize(at); break;
        case 1: bytes.insert(at, one_of(kBytes, random)); break;
        case 2: bytes.insert(at, bytes.substr(at, some)); break;
        case 3: bytes.erase(at, some); break;
        case 4:
            if (at < bytes.size()) bytes[at] = static_cast<char>(random.between(0, 255));
            break;
        default: bytes.insert(at, hostile_text(random)); break;
    }
}

}  // namespace swaplab::faults
