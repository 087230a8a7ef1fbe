#include "profiles/base/quantity.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(ParseBytes, UnitsOfBothKinds) {
    EXPECT_EQ(parse_bytes("0").count, 0);
    EXPECT_EQ(parse_bytes("4096").count, 4096);
    EXPECT_EQ(parse_bytes("17B").count, 17);
    EXPECT_EQ(parse_bytes("1KiB").count, 1024);
    EXPECT_EQ(parse_bytes("843MiB").count, 843LL * 1024 * 1024);
    EXPECT_EQ(parse_bytes("1GiB").count, 1LL << 30);
    EXPECT_EQ(parse_bytes("1TiB").count, 1LL << 40);
    EXPECT_EQ(parse_bytes("1kB").count, 1000);
    EXPECT_EQ(parse_bytes("2MB").count, 2'000'000);
    EXPECT_EQ(parse_bytes("3GB").count, 3'000'000'000);
    EXPECT_EQ(parse_bytes("4TB").count, 4'000'000'000'000);
}

TEST(ParseBytes, FractionsRoundDownExactly) {
    EXPECT_EQ(parse_bytes("1.5GiB").count, 1610612736);
    EXPECT_EQ(parse_bytes("0.1GB").count, 100'000'000);
    EXPECT_EQ(parse_bytes("4.35kB").count, 4350);  // 4.35 * 1000 is 4349.999... in doubles
    EXPECT_EQ(parse_bytes("0.9").count, 0);
    EXPECT_EQ(parse_bytes("1.999B").count, 1);
    EXPECT_EQ(parse_bytes("0.0009765625KiB").count, 1);
    EXPECT_EQ(parse_bytes("0.00097656249999999999999999999999KiB").count, 0);
}

TEST(ParseBytes, TheLargest) {
    EXPECT_EQ(parse_bytes("9223372036854775807").count, kMax);
    EXPECT_EQ(parse_bytes("8388607.999999TiB").count,
              kMax - 1099511);  // 2^63 - 10^-6 * 2^40, rounded down
    for (const char* text : {"9223372036854775808", "8388608TiB", "9223372036854776kB",
                             "99999999999999999999999999999999"}) {
        EXPECT_NE(error_of([&] { parse_bytes(text); }).find("above 2^63-1"), std::string::npos)
            << text;
    }
}

TEST(ParseBytes, AnythingElseSaysWhatWasExpected) {
    for (const char* text : {"",      " ",    "-1",     "+1",      "-5MiB", "MiB",  ".5GiB",
                             "5.GiB", "1e3",  "1e3MiB", "843 MiB", " 1",    "1 ",   "nan",
                             "inf",   "0x10", "1,5GiB", "1MiB2",   "1.2.3", "\xff", "1MiBx"}) {
        const std::string error = error_of([&] { parse_bytes(text); });
        EXPECT_TRUE(error.starts_with("expected a size such as 843MiB")) << text << ": " << error;
    }
    EXPECT_EQ(error_of([] { parse_bytes("843MIB"); }),
              "expected a size such as 843MiB, 1.5GiB or a number of bytes, found \"843MIB\": "
              "unknown unit \"MIB\" (did you mean 'MiB'?)");
    EXPECT_EQ(error_of([] { parse_bytes("1parsec"); }),
              "expected a size such as 843MiB, 1.5GiB or a number of bytes, found \"1parsec\": "
              "unknown unit \"parsec\" (known: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB)");
}

TEST(ParseDuration, Units) {
    EXPECT_EQ(parse_duration("17"), nanoseconds(17));
    EXPECT_EQ(parse_duration("17ns"), nanoseconds(17));
    EXPECT_EQ(parse_duration("1.5us"), nanoseconds(1500));
    EXPECT_EQ(parse_duration("33ms"), nanoseconds(33'000'000));
    EXPECT_EQ(parse_duration("33.3333333ms"), nanoseconds(33'333'333));
    EXPECT_EQ(parse_duration("2s"), nanoseconds(2'000'000'000));
    EXPECT_EQ(error_of([] { parse_duration("33m"); }),
              "expected a duration such as 33ms, 1.5s or a number of ns, found \"33m\": unknown "
              "unit \"m\" "
              "(did you mean 'ms'?)");
    EXPECT_NE(error_of([] { parse_duration("9223372037s"); }).find("above 2^63-1"),
              std::string::npos);
}

TEST(ParseNumber, TheWholeTextOrNothing) {
    EXPECT_EQ(parse_number("0.4"), 0.4);
    EXPECT_EQ(parse_number("-1e-3"), -1e-3);
    for (const char* text :
         {"", "0.4x", " 1", "1 ", "nan", "inf", "-infinity", "0x10", "1e999", "+1", "--1"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
}

TEST(Format, ForPeople) {
    EXPECT_EQ(format_bytes({0}), "0 B");
    EXPECT_EQ(format_bytes({1023}), "1023 B");
    EXPECT_EQ(format_bytes({1024}), "1.00 KiB");
    EXPECT_EQ(format_bytes({574671192}), "548.05 MiB");
    EXPECT_EQ(format_bytes({8LL << 30}), "8.00 GiB");
    EXPECT_EQ(format_bytes({1024 * 1024 - 1}), "1.00 MiB");  // not 1024.00 KiB
    EXPECT_EQ(format_bytes({-1536}), "-1.50 KiB");
    EXPECT_EQ(format_bytes({kMax}), "8388608.00 TiB");
    EXPECT_EQ(format_bytes({std::numeric_limits<std::int64_t>::min()}), "-8388608.00 TiB");
    EXPECT_EQ(format_duration(nanoseconds(0)), "0 ns");
    EXPECT_EQ(format_duration(nanoseconds(999)), "999 ns");
    EXPECT_EQ(format_duration(nanoseconds(12'850'000)), "12.85 ms");
    EXPECT_EQ(format_duration(nanoseconds(999'996)), "1.00 ms");
    EXPECT_EQ(format_duration(nanoseconds(90'000'000'000)), "90.00 s");
}

TEST(ToDuration, RoundsHalfAwayAndRefusesTheRest) {
    EXPECT_EQ(to_duration(0), nanoseconds(0));
    EXPECT_EQ(to_duration(2.5), nanoseconds(3));
    EXPECT_EQ(to_duration(2.4999), nanoseconds(2));
    const double limit = static_cast<double>(count_ns(kLongestActivity));
    EXPECT_EQ(to_duration(limit - 1), kLongestActivity - nanoseconds(1));
    for (const double cost :
         {-1e-9, -1.0, limit, limit - 0.5, 1e300, std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(to_duration(cost), InputError) << cost;
    }
}

TEST(Suggestion, TheNearestOrTheList) {
    EXPECT_EQ(suggestion("vgg91", {"resnet101", "vgg19"}), " (did you mean 'vgg19'?)");
    EXPECT_EQ(suggestion("Conv2D", {"conv2d", "linear"}), " (did you mean 'conv2d'?)");
    EXPECT_EQ(suggestion("load_all", {"load-all", "direct"}), " (did you mean 'load-all'?)");
    EXPECT_EQ(suggestion("zebra", {"a", "b", "c"}), " (known: a, b, c)");
    EXPECT_EQ(suggestion("zebra", {}), "");
    EXPECT_EQ(suggestion("", {"ab", "cd"}), " (known: ab, cd)");
    const std::vector<std::string> many(40, "layer");
    EXPECT_TRUE(suggestion(std::string(1'000'000, 'x'), many).ends_with("layer and 28 more)"));
}

TEST(InQuotes, IsSafeToPrint) {
    EXPECT_EQ(in_quotes("a\nb\x1b[31m\xff"), "\"a\\x0ab\\x1b[31m\\xff\"");
    EXPECT_EQ(in_quotes(std::string(59, 'x') + "éé"), "\"" + std::string(59, 'x') + "é...\"");
}

TEST(HexDigest, IsXxh3Of128Bits) {
    EXPECT_EQ(hex_digest(""),
              "99aa06d3014798d86001c324468d497f");  // the reference value of XXH3 for no input
    EXPECT_NE(hex_digest("a"), hex_digest("b"));
}

TEST(CheckFailed, PrintsAndAborts) {
    EXPECT_DEATH(check_failed("sim/x.cpp", 7, "a >= b", "a is 1, b is 2"),
                 "sim/x.cpp:7: check failed: a >= b: a is 1, b is 2");
}

}  // namespace
}  // namespace swaplab
