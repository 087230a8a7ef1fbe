#include "profiles/document/document.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "profiles/document/extras.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

// The tree on one line, every value with its position: {a@1:2 [1@1:7]@1:6}@1:1.
std::string shown(const Value& value) {
    std::string text;
    if (value.kind == Value::Kind::object) {
        for (const auto& [key, member] : value.members) {
            text += (text.empty() ? "" : " ") + key + "@" + std::to_string(member.key_at.line) +
                    ":" + std::to_string(member.key_at.column) + " " + shown(member);
        }
        text = "{" + text + "}";
    } else if (value.kind == Value::Kind::array) {
        for (const Value& item : value.items) text += (text.empty() ? "" : " ") + shown(item);
        text = "[" + text + "]";
    } else {
        text = value.kind == Value::Kind::string ? "'" + value.scalar + "'" : value.scalar;
    }
    return text + "@" + std::to_string(value.at.line) + ":" + std::to_string(value.at.column);
}

std::string json(std::string text) { return shown(parse_json(std::move(text), "f").root); }
std::string yaml(std::string text) { return shown(parse_yaml(std::move(text), "f").root); }

TEST(ParseJson, KnowsWhereEverythingStands) {
    EXPECT_EQ(json("{\"a\": [1, -2.5e3, \"x\\n\\\"y\", {}, []],\n \"b\" :true ,\t\"c\":null}"),
              "{a@1:2 [1@1:8 -2.5e3@1:11 'x\n\"y'@1:19 {}@1:29 []@1:33]@1:7 b@2:2 true@2:7 c@2:14 "
              "null@2:18}@1:1");
    EXPECT_EQ(json(" \n\n  7 "), "7@3:3");
    EXPECT_EQ(json("[\"a,b: [\", \"]\",\"\"]"), "['a,b: ['@1:2 ']'@1:12 ''@1:16]@1:1");
}

TEST(ParseJson, CountsBytesAndLineFeeds) {
    EXPECT_EQ(json("{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}"), "{a@2:3 1@2:8 b@3:3 2@3:8}@1:1");
    EXPECT_EQ(json("[\"é\", 1]"), "['é'@1:2 1@1:8]@1:1");
    EXPECT_EQ(json("\xEF\xBB\xBF[1]"), "[1@1:2]@1:1");  // a byte order mark is not there
}

TEST(ParseJson, KeepsNumbersAsWritten) {
    EXPECT_EQ(json("[1.50,10000000000000000000000000000000,-0,1E+2]"),
              "[1.50@1:2 10000000000000000000000000000000@1:7 -0@1:40 1E+2@1:43]@1:1");
}

TEST(ParseYaml, KnowsWhereEverythingStands) {
    EXPECT_EQ(yaml("a: [1, -2.5e3, \"x\", {}]\nb : true\n'c': ~\nd:\n  - e: 5\n    f: x y # z\n  - "
                   "\"7\"\n"),
              "{a@1:1 [1@1:5 -2.5e3@1:8 'x'@1:16 {}@1:21]@1:4 b@2:1 true@2:5 c@3:1 null@3:6 "
              "d@4:1 [{e@5:5 5@5:8 f@6:5 'x y'@6:8}@5:5 '7'@7:5]@5:3}@1:1");
    EXPECT_EQ(yaml("a: 1\r\nb:\r\n  - 2\r\n"), "{a@1:1 1@1:4 b@2:1 [2@3:5]@3:3}@1:1");
    EXPECT_EQ(yaml("{é: 1, b: [é, c]}"), "{é@1:2 1@1:6 b@1:9 ['é'@1:13 'c'@1:17]@1:12}@1:1");
    EXPECT_EQ(yaml("\xEF\xBB\xBF# c\n---\na: 1\n...\n"), "{a@3:1 1@3:4}@3:1");
}

TEST(ParseYaml, ReadsJson) {
    const std::string text = R"({"a": [1, "b", null, true], "c": {"d": -1.5e-3}})";
    EXPECT_EQ(yaml(text), json(text));
}

TEST(ParseYaml, OnlyWhatJsonCallsANumberIsOne) {
    for (const char* number : {"0", "-0", "12", "1.5", "1e3", "-1E-3"}) {
        EXPECT_EQ(parse_yaml(number, "f").root.kind, Value::Kind::number) << number;
    }
    for (const char* text : {"007", "0x10", ".5", "1_000", "+5", ".inf", ".nan", "1.", "1e", "yes",
                             "True", "33ms", "0.2x", "'5'", "\"true\"", "! 5"}) {
        EXPECT_EQ(parse_yaml(text, "f").root.kind, Value::Kind::string) << text;
    }
    for (const char* null : {"~", "null"}) {
        EXPECT_EQ(parse_yaml(null, "f").root.kind, Value::Kind::null) << null;
    }
}

class FieldTest : public ::testing::Test {
  protected:
    Field field(std::string text) {
        document_ = parse_json(R"({"v": )" + std::move(text) + "}", "f");
        return Fields(Field::root(document_)).required("v");
    }
    Document document_;
};

TEST_F(FieldTest, Integers) {
    EXPECT_EQ(field("-9223372036854775808").as_integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(field("9223372036854775807").as_count(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(field("-0").as_count(), 0);
    EXPECT_EQ(field("1").as_positive(), 1);
    const auto count = [this](const char* text) {
        return error_of([&] { field(text).as_count(); });
    };
    EXPECT_EQ(count("\"12.5\""),
              "f:1:7: v: expected a whole number >= 0, found the string \"12.5\"");
    EXPECT_EQ(count("12.5"), "f:1:7: v: expected a whole number >= 0, found 12.5");
    EXPECT_EQ(count("5.0"), "f:1:7: v: expected a whole number >= 0, found 5.0");
    EXPECT_EQ(count("1e3"), "f:1:7: v: expected a whole number >= 0, found 1e3");
    EXPECT_EQ(count("-1"), "f:1:7: v: expected a whole number >= 0, found -1");
    EXPECT_EQ(count("true"), "f:1:7: v: expected a whole number >= 0, found true");
    EXPECT_EQ(count("null"), "f:1:7: v: expected a whole number >= 0, found null");
    EXPECT_EQ(count("[]"), "f:1:7: v: expected a whole number >= 0, found a list");
    EXPECT_EQ(count("{}"), "f:1:7: v: expected a whole number >= 0, found an object");
    EXPECT_EQ(
        count("9223372036854775808"),
        "f:1:7: v: expected a whole number >= 0 and at most 2^63-1, found 9223372036854775808");
    EXPECT_EQ(error_of([&] { field("-9223372036854775809").as_integer(); }),
              "f:1:7: v: expected a whole number and at least -2^63, found -9223372036854775809");
    EXPECT_EQ(error_of([&] { field("0").as_positive(); }),
              "f:1:7: v: expected a whole number > 0, found 0");
}

TEST_F(FieldTest, Numbers) {
    EXPECT_EQ(field("-1.5e3").as_number(), -1500.0);
    EXPECT_EQ(field("7").as_cost(), 7.0);
    EXPECT_EQ(error_of([&] { field("-1e-9").as_cost(); }),
              "f:1:7: v: expected a number >= 0, found -1e-9");
    EXPECT_EQ(error_of([&] { field("1e-400").as_cost(); }),
              "f:1:7: v: expected a number >= 0 within a double's range, found 1e-400");
    EXPECT_EQ(error_of([&] { field("\"1\"").as_number(); }),
              "f:1:7: v: expected a number, found the string \"1\"");
}

TEST_F(FieldTest, OtherTypes) {
    EXPECT_TRUE(field("true").as_bool());
    EXPECT_EQ(field("\"x\"").as_string(), "x");
    EXPECT_EQ(field("1.50").as_text(), "1.50");
    EXPECT_EQ(field("[1, 2]").as_array().at(1).path(), "v[1]");
    EXPECT_EQ(error_of([&] { field("0").as_bool(); }), "f:1:7: v: expected true or false, found 0");
    EXPECT_EQ(error_of([&] { field("1").as_string(); }), "f:1:7: v: expected a string, found 1");
    EXPECT_EQ(error_of([&] { field("{}").as_array(); }),
              "f:1:7: v: expected a list, found an object");
    EXPECT_EQ(error_of([&] { field("[]").as_text(); }),
              "f:1:7: v: expected a string or a number, found a list");
    EXPECT_EQ(field("1").where(), "f:1:7");
}

TEST(YamlFields, QuotedNumbersAreStrings) {
    const Document document = parse_yaml("a: \"5\"\nb: 5\n", "f");
    Fields fields(Field::root(document));
    EXPECT_EQ(error_of([&] { fields.required("a").as_integer(); }),
              "f:1:4: a: expected a whole number, found the string \"5\"");
    EXPECT_EQ(fields.required("b").as_integer(), 5);
}

TEST(FieldsTest, RejectsWhatNobodyAskedFor) {
    const Document document = parse_json("{\"a\": 1,\n \"x-b\": 2,\n \"colour\": 3}", "f");
    Fields fields(Field::root(document));
    fields.required("a");
    EXPECT_FALSE(fields.optional("color"));
    EXPECT_EQ(error_of([&] { fields.finish(); }),
              "f:3:2: colour: unknown key (did you mean 'color'?)");
}

TEST(FieldsTest, NamesWhatIsMissing) {
    const Document document = parse_json("{\"a\": {\"parameter_byte\": 1}, \"b\": {}}", "f");
    Fields root(Field::root(document));
    Fields a(root.required("a"));
    EXPECT_EQ(error_of([&] { a.required("parameter_bytes"); }),
              "f:1:8: a.parameter_byte: unknown key (did you mean 'parameter_bytes'?)");
    Fields b(root.required("b"));
    EXPECT_EQ(error_of([&] { b.required("parameter_bytes"); }),
              "f:1:35: b: missing key \"parameter_bytes\"");
    EXPECT_EQ(error_of([&] { Fields(root.required("a")).required("x-y"); }),
              "f:1:7: a: missing key \"x-y\"");
}

TEST(FieldsTest, RestIsEverythingElseButExtras) {
    const Document document = parse_json(R"({"a": 1, "b": 2, "x-c": 3, "d": 4})", "f");
    Fields fields(Field::root(document));
    fields.required("b");
    const auto rest = fields.rest();
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[0].first, "a");
    EXPECT_EQ(rest[1].second.path(), "d");
    fields.finish();
}

TEST(JsonWriterTest, PrettyAndOnOneLine) {
    const auto write = [](JsonWriter::Style style) {
        JsonWriter writer(style);
        writer.begin_object().member("a", std::int64_t{1}).member("b", "x\"\\\n\x01");
        writer.key("c").begin_array().value(true).null().value(0.1).end_array();
        writer.key("d").begin_object().end_object().key("e").begin_array().end_array();
        return writer.end_object().str();
    };
    EXPECT_EQ(write(JsonWriter::Style::pretty),
              "{\n  \"a\": 1,\n  \"b\": \"x\\\"\\\\\\n\\u0001\",\n  \"c\": [\n    true,\n    "
              "null,\n    0.1\n  ],\n"
              "  \"d\": {},\n  \"e\": []\n}");
    EXPECT_EQ(write(JsonWriter::Style::one_line),
              "{\"a\": 1, \"b\": \"x\\\"\\\\\\n\\u0001\", \"c\": [true, null, 0.1], \"d\": {}, "
              "\"e\": []}");
}

TEST(JsonWriterTest, NumbersReadBack) {
    const auto written = [](auto number) { return JsonWriter().value(number).str(); };
    EXPECT_EQ(written(1.0), "1.0");
    EXPECT_EQ(written(-0.0), "-0.0");
    EXPECT_EQ(written(3e-9), "3e-09");
    EXPECT_EQ(written(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    for (const double number : {1e300, 5e-324, 123456789.125, 1e16, 2.2250738585072014e-308}) {
        const Document document = parse_json(written(number), "f");
        EXPECT_EQ(document.root.kind, Value::Kind::number);
        EXPECT_EQ(Field::root(document).as_number(), number);
    }
}

TEST(JsonWriterTest, NeverWritesWhatIsNotUtf8) {
    EXPECT_EQ(JsonWriter().value("é\xff\xc3").str(), "\"é\\ufffd\\ufffd\"");
}

TEST(JsonWriterTest, MisuseAborts) {
    EXPECT_DEATH(JsonWriter().value(std::numeric_limits<double>::quiet_NaN()), "JSON has no nan");
    EXPECT_DEATH(JsonWriter().begin_object().value(true), "a value without a key");
    EXPECT_DEATH(JsonWriter().begin_object().key("a").end_object(), "after a key");
    EXPECT_DEATH(JsonWriter().begin_object().end_array(), "the end of an array");
    EXPECT_DEATH(JsonWriter().begin_array().key("a"), "outside of an object");
    EXPECT_DEATH(static_cast<void>(JsonWriter().begin_array().str()), "1 levels are still open");
    EXPECT_DEATH(JsonWriter().value(true).value(true), "a second root value");
}

TEST(ExtrasTest, GoBackWhereTheyCameFrom) {
    const Document document = parse_json(
        R"({"x-b": [1.50, {"x-in": 1}], "a": {"x-deep": null}, "list": [{}, {"x-i": "é"}], "x-a": 0})",
        "f");
    const Extras extras = extras_of(document.root);
    ASSERT_EQ(extras.size(), 4U);
    EXPECT_EQ(extras[3].json, R"([1.50, {"x-in": 1}])");
    const std::string written = with_extras(R"({"list": [{}, {"k": 1}]})", extras);
    const Document again = parse_json(written, "f");
    EXPECT_EQ(extras_of(again.root), extras);
    EXPECT_EQ(
        JsonWriter(JsonWriter::Style::one_line).value(again.root).str(),
        R"({"list": [{}, {"k": 1, "x-i": "é"}], "a": {"x-deep": null}, "x-a": 0, "x-b": [1.50, {"x-in": 1}]})");
    EXPECT_EQ(with_extras(R"({"list": []})", {{{"list", "7", "x-a"}, "1"}}),
              "{\n  \"list\": []\n}");
}

}  // namespace
}  // namespace swaplab
