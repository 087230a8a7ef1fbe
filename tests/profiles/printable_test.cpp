#include "profiles/base/printable.h"

#include <gtest/gtest.h>

#include "profiles/document/document.h"

namespace swaplab {
namespace {

std::string json(std::string_view content) {
    JsonWriter writer(JsonWriter::Style::one_line);
    writer.value(content);
    return writer.str();
}

TEST(Printable, ControlCharactersAreShown) {
    EXPECT_EQ(printable("a\x1b[2Jb"), "a\\x1b[2Jb");
    EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
    EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u009b31m");  // CSI of 8-bit terminals
    EXPECT_EQ(printable("\xff"), "\\xff");
}

TEST(Printable, DirectionsAndLinesAreNotTurned) {
    EXPECT_EQ(printable("\u202e"), "\\u202e");
    EXPECT_EQ(printable("\u2066\u2069"), "\\u2066\\u2069");
    EXPECT_EQ(printable("\u2028"), "\\u2028");
}

TEST(Printable, WordsOfAnyLanguageStay) {
    for (const char* words : {"", "plain 'text' \\x1b", "π × 10⁶", "模型", "مدل", "🚀"})
        EXPECT_EQ(printable(words), words);
}

TEST(Printable, JsonHasNoneOfThem) {
    EXPECT_EQ(json("\x1b\x7f"), R"("\u001b\u007f")");
    EXPECT_EQ(json("\xc2\x9b\u202e"), R"("\u009b\u202e")");
    EXPECT_EQ(json("π"), "\"π\"");
}

}  // namespace
}  // namespace swaplab
