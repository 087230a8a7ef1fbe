// What a careless person, a broken disk or a fuzzer may hand in: every case must end with a message
// that names file and position, never with a crash, a hang or a guess.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

std::string json_error(const std::string& text) {
    return error_of([&] { parse_json(text, "f"); });
}
std::string yaml_error(const std::string& text) {
    return error_of([&] { parse_yaml(text, "f"); });
}

struct Case {
    std::string text;
    std::string error;
};

TEST(MalformedJson, Syntax) {
    const Case cases[] = {
        {"", "f:1:1: the file is empty, expected a JSON object"},
        {" \r\n\t", "f:1:1: the file is empty, expected a JSON object"},
        {"{", "f:1:2: expected a key in double quotes, found the end of the file"},
        {"}", "f:1:1: expected a JSON object, found \"}\""},
        {"tru", "f:1:1: expected a JSON value, found \"tru\""},
        {"{\"a\": [1,", "f:1:10: a[1]: expected a JSON value, found the end of the file"},
        {"{\"a\": \"b", "f:1:7: a: expected a string that is closed, found the end of the file"},
        {"{\"a\" 1}", "f:1:6: a: expected ':' after the key, found \"1\""},
        {"{\"a\": 1 \"b\": 2}",
         "f:1:9: expected ',' or '}' after a member, found a quotation mark"},
        {"{\"a\": 1,}", "f:1:9: expected a key in double quotes, found \"}\""},
        {"[1, ]", "f:1:5: [1]: expected a JSON value, found \"]\""},
        {"[1 2]", "f:1:4: [1]: expected ',' or ']' after an item, found \"2\""},
        {"[1}", "f:1:3: [1]: expected ',' or ']' after an item, found \"}\""},
        {"{1: 2}", "f:1:2: expected a key in double quotes, found \"1\""},
        {"{'a': 2}", "f:1:2: expected a key in double quotes, found \"'a'\""},
        {"{} x", "f:1:4: expected the end of the file after the value, found \"x\""},
        {"{}\n{}", "f:2:1: expected the end of the file after the value, found \"{\""},
        {"// c\n{}", "f:1:1: expected a JSON value, found \"//\""},
    };
    for (const auto& [text, error] : cases) EXPECT_EQ(json_error(text), error) << text;
}

TEST(MalformedJson, NumbersAndStrings) {
    const Case cases[] = {
        {"{\"a\": NaN}", "f:1:7: a: expected a JSON value, found \"NaN\""},
        {"{\"a\": -Infinity}", "f:1:7: a: expected a JSON value, found \"-Infinity\""},
        {"[+1]", "f:1:2: [0]: expected a JSON value, found \"+1\""},
        {"[.5]", "f:1:2: [0]: expected a JSON value, found \".5\""},
        {"[01]", "f:1:3: [1]: expected ',' or ']' after an item, found \"1\""},
        {"[0x10]", "f:1:3: [1]: expected ',' or ']' after an item, found \"x10\""},
        {"[1.]", "f:1:4: [0]: expected a digit after the point, found \"]\""},
        {"[1e]", "f:1:4: [0]: expected a digit in the exponent, found \"]\""},
        {"[1e999]", "f:1:2: [0]: expected a number that fits a double, found \"1e999\""},
        {"[\"\\x\"]",
         "f:1:3: [0]: expected no control character and only JSON's escapes in a string, found "
         "\"\\x\""},
        {"[\"\\ud800\"]", "f:1:3: [0]: expected a pair of \\u surrogates, found \"\\ud800\""},
        {"[\"\\u00g0\"]", "f:1:3: [0]: expected four hex digits after \\u, found \"\\u00g0\""},
        {"[\"a\tb\"]",
         "f:1:4: [0]: expected no control character and only JSON's escapes in a string, found "
         "\"\\x09\""},
        {"[\"a\nb\"]",
         "f:1:4: [0]: expected no control character and only JSON's escapes in a string, found "
         "\"\\x0a\""},
    };
    for (const auto& [text, error] : cases) EXPECT_EQ(json_error(text), error) << text;
}

TEST(MalformedJson, DuplicateKeysNameBothPositions) {
    EXPECT_EQ(json_error("{\"a\": 1,\n \"b\": 2,\n  \"a\": 1}"),
              "f:3:3: a: duplicate key, first on line 1, column 2");
    EXPECT_EQ(json_error("{\"a\": [{}, {\"b\": 1, \"\\u0062\": 2}]}"),
              "f:1:21: a[1].b: duplicate key, first on line 1, column 13");
    EXPECT_EQ(json_error("{\"x-a\": {\"b\": 1, \"b\": 2}}"),
              "f:1:18: x-a.b: duplicate key, first on line 1, column 10");
}

TEST(MalformedText, BytesThatAreNotText) {
    const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    EXPECT_EQ(json_error(png),
              "f:1:1: expected a JSON object, found text that is not UTF-8, byte 0x89: is this a "
              "binary file?");
    EXPECT_EQ(
        yaml_error(png),
        "f:1:1: expected YAML, found text that is not UTF-8, byte 0x89: is this a binary file?");
    EXPECT_EQ(
        json_error(std::string("{\n \0}", 5)),
        "f:2:2: expected a JSON object, found the control character 0x00: is this a binary file?");
    EXPECT_EQ(yaml_error("a: \x04\nb: 1"),
              "f:1:4: expected YAML, found the control character 0x04: is this a binary file?");
    // Truncated, overlong, a surrogate, above U+10FFFF, a lone continuation, UTF-16.
    for (const char* bytes :
         {"\xC3", "\xE2\x82", "\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xED\xA0\x80",
          "\xF4\x90\x80\x80", "\x80", "\xFF\xFE{", "\xF8\x88\x80\x80\x80"}) {
        const std::string text = std::string("[\"") + bytes + "\"]";
        EXPECT_NE(
            json_error(text).find("f:1:3: expected a JSON object, found text that is not UTF-8"),
            std::string::npos);
        EXPECT_NE(yaml_error(text).find("f:1:3: expected YAML, found text that is not UTF-8"),
                  std::string::npos);
    }
}

TEST(MalformedYaml, Syntax) {
    const Case cases[] = {
        {"", "f:1:1: the file is empty, expected YAML"},
        {"# nothing", "f:1:1: the file is empty, expected YAML"},
        {"a: 1\na: 2", "f:2:1: a: duplicate key, first on line 1, column 1"},
        {"a: 1\n'a': 2", "f:2:1: a: duplicate key, first on line 1, column 1"},
        {"x:\n  y: [1, 2", "f:2:6: x.y: the list is not closed"},
        {"a: {b: 1", "f:1:4: a: the map is not closed"},
        {"a: [", "f:1:4: a: the list is not closed"},
        {"a: b: c",
         "f:1:5: not valid YAML: illegal map value (indent with spaces, quote a text that contains "
         "': ')"},
        {"a: \"x", "f:1:6: a: not valid YAML: illegal EOF in scalar"},
        {"a: 1\n]", "f:2:1: not valid YAML: illegal flow end"},
        {": 3", "f:1:1: expected a key, found null"},
        {"? [1, 2]\n: 3", "f:1:3: expected a key, found a list or a map: is a bracket not closed?"},
        {"@", "f:1:1: not valid YAML: unknown token"},
    };
    for (const auto& [text, error] : cases) EXPECT_EQ(yaml_error(text), error) << text;
}

TEST(MalformedYaml, WhatJsonCannotSay) {
    const Case cases[] = {
        {"a: &x 1\nb: *x", "f:1:4: a: anchors (&name) are not supported"},
        {"a: *x", "f:1:4: a: aliases (*name) are not supported"},
        {"- &x {}", "f:1:3: [0]: anchors (&name) are not supported"},
        {"a: !!str 5", "f:1:4: a: tags are not supported, found \"tag:yaml.org,2002:str\""},
        {"a: !mine [1]", "f:1:4: a: tags are not supported, found \"!mine\""},
        {"a: 1\n---\nb: 2", "f:2:1: a second document begins here, expected one"},
        {"a: 1\n---\n", "f:2:1: a second document begins here, expected one"},
        {"%YAML 2.0\n---\na: 1", "f:1:1: not valid YAML: YAML major version too large"},
    };
    for (const auto& [text, error] : cases) EXPECT_EQ(yaml_error(text), error) << text;
}

TEST(MalformedYaml, BillionLaughs) {
    std::string text = "a: &a [\"lol\",\"lol\",\"lol\"]\n";
    for (char c = 'b'; c < 'j'; ++c) {
        const std::string alias = std::string("*") + static_cast<char>(c - 1);
        text += std::string(1, c) + ": &" + c + " [" + alias + "," + alias + "," + alias + "]\n";
    }
    EXPECT_EQ(yaml_error(text), "f:1:4: a: anchors (&name) are not supported");
}

std::string repeated(const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
}

TEST(Malformed, DepthIsNoDepthOfTheStack) {
    constexpr int deep = 100'000;
    EXPECT_NE(json_error(repeated("[", deep)).find("f:1:65: "), std::string::npos);
    EXPECT_TRUE(json_error(repeated("[", deep)).ends_with("nested deeper than 64 levels"));
    EXPECT_TRUE(json_error(repeated("[", deep) + repeated("]", deep))
                    .ends_with("nested deeper than 64 levels"));
    EXPECT_TRUE(json_error(repeated("{\"a\":", deep)).ends_with("nested deeper than 64 levels"));
    EXPECT_TRUE(yaml_error(repeated("- ", deep)).ends_with("nested deeper than 64 levels"));
    EXPECT_TRUE(yaml_error(repeated("- [", deep)).starts_with("f:"));
    for (const char* part :
         {"[", "{", "{a: ", "? ", "a: ", "[{", "[a, ", "&a ", "!a ", "? [ ? { "}) {
        EXPECT_TRUE(yaml_error(repeated(part, deep)).starts_with("f:1:")) << part;
    }
    const std::string lists = repeated("[\n", 65) + repeated("]\n", 65);
    EXPECT_TRUE(yaml_error(lists).ends_with("nested deeper than 64 levels"));
    EXPECT_EQ(json_error(repeated("[", 64) + repeated("]", 64)), "no error");
    EXPECT_EQ(yaml_error(repeated("[\n", 64) + repeated("]\n", 64)), "no error");
}

TEST(Malformed, SizeIsBounded) {
    const std::string many = "[" + repeated("0,", 2'000'000) + "0]";
    EXPECT_EQ(json_error(many), "f:1:4000000: [1999999]: more than 2000000 values in one file");
    const std::string long_key = "\"" + std::string(1'000'000, 'k') + "\"";
    EXPECT_LT(json_error("{" + long_key + ": 1, " + long_key + ": 1}").size(), 200U);
    EXPECT_LT(error_of([&] { read_model(parse_json("{" + long_key + ": 1}", "f")); }).size(), 200U);
    EXPECT_LT(
        error_of([&] { read_model(parse_json("{\"schema\": " + long_key + "}", "f")); }).size(),
        200U);
    EXPECT_LT(json_error("[1" + std::string(1'000'000, '0') + "]").size(), 200U);
}

class MalformedFile : public ::testing::Test {
  protected:
    MalformedFile()
        : folder_(std::filesystem::path(::testing::TempDir()) /
                  ("swaplab-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~MalformedFile() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    std::string written(const std::string& name, std::string_view content) const {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }

    std::filesystem::path folder_;
};

TEST_F(MalformedFile, SaysWhyItCannotBeRead) {
    EXPECT_EQ(error_of([&] { load_model(path("none.json")); }),
              path("none.json") + ": cannot be read: No such file or directory");
    EXPECT_EQ(error_of([&] { load_model(folder_.string()); }),
              folder_.string() + ": is a directory, expected a file");
    EXPECT_EQ(error_of([&] { load_model(""); }), ": cannot be read: No such file or directory");
    EXPECT_EQ(error_of([&] { load_device(written("empty.json", "")); }),
              path("empty.json") + ":1:1: the file is empty, expected a JSON object");
    const std::string locked = written("locked.json", "{}");
    std::filesystem::permissions(locked, std::filesystem::perms::none);
    if (::geteuid() != 0) {  // root reads everything
        EXPECT_EQ(error_of([&] { load_device(locked); }),
                  locked + ": cannot be read: Permission denied");
    }
    const std::string huge = written("huge.yaml", "");
    std::filesystem::resize_file(huge, (16U << 20) + 1);
    EXPECT_EQ(error_of([&] { load_device(huge); }),
              huge + ": is larger than 16 MiB, the most that is read");
}

TEST_F(MalformedFile, TheNameChoosesTheFormat) {
    EXPECT_EQ(load_document(written("a.yaml", "b: 1")).root.members.size(), 1U);
    EXPECT_EQ(load_document(written("a.yml", "b: 1")).root.members.size(), 1U);
    EXPECT_EQ(load_model(written("m.json", kModelSample)).name(), "sample");
    EXPECT_EQ(load_device(written("d.yaml", kDeviceSample)).name, "board");  // YAML reads JSON
    EXPECT_EQ(error_of([&] { load_model(written("a.json", "b: 1")); }),
              path("a.json") + ":1:1: expected a JSON value, found \"b\"");
}

}  // namespace
}  // namespace swaplab
