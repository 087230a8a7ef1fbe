#include "profiles/document/csv.h"

#include <gtest/gtest.h>

#include "tests/profiles/samples.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

constexpr std::string_view kSample =
    "# name: board\n"
    "# a comment\n"
    "#capacity_bytes :  5 \n"
    "\n"
    "model,arrival_ns,x-by\n"
    "vgg19,0,me\r\n"
    "\"a, \"\"b\"\"\",7,\"two\nlines\"\n"
    ",8,";

Csv parsed(std::string_view content) { return parse_csv(std::string(content), "t.csv"); }

std::string error_in(std::string_view content) {
    return error_of([&] { parsed(content); });
}

// The error of one typed cell.
std::string cell_error(std::string_view content, void (*read)(const CsvCell&)) {
    const Csv csv = parsed("n\n" + std::string(content) + "\n");
    return error_of([&] { read(csv.cell(csv.rows.at(0), 0)); });
}

TEST(Csv, ReadsNotesHeaderAndRows) {
    const Csv csv = parsed(kSample);
    ASSERT_EQ(csv.notes.size(), 2U);
    EXPECT_EQ(csv.notes[0].key.text, "name");
    EXPECT_EQ(csv.notes[1].key.text, "capacity_bytes");
    EXPECT_EQ(csv.value_of(csv.notes[1]).as_count(), 5);
    ASSERT_EQ(csv.header.size(), 3U);
    ASSERT_EQ(csv.rows.size(), 3U);
    EXPECT_EQ(csv.cell(csv.rows[0], 0).str(), "vgg19");
    EXPECT_EQ(csv.cell(csv.rows[0], 2).str(), "me");
    EXPECT_EQ(csv.cell(csv.rows[1], 0).str(), "a, \"b\"");
    EXPECT_EQ(csv.cell(csv.rows[1], 2).str(), "two\nlines");
    EXPECT_TRUE(csv.cell(csv.rows[2], 0).empty());
    EXPECT_EQ(csv.cell(csv.rows[2], 1).as_count(), 8);
}

TEST(Csv, KnowsWhereEachCellStands) {
    const Csv csv = parsed(kSample);
    EXPECT_EQ(csv.rows[1][1].at.line, 7);
    EXPECT_EQ(csv.rows[1][1].at.column, 12);
    EXPECT_EQ(csv.rows[2][1].at.line, 9);  // the cell before spans two lines
    EXPECT_EQ(csv.rows[2][1].at.column, 2);
    EXPECT_EQ(csv.notes[1].key.at.line, 3);
    EXPECT_EQ(csv.notes[1].key.at.column, 2);
}

TEST(Csv, MalformedFilesAreNamedWithTheirPosition) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "t.csv:1:1: the file is empty, expected a table (CSV)"},
        {"# name: x\n", "t.csv:2:1: the file ends before the header"},
        {"# a: 1\n# a: 2\nn\n", "t.csv:2:3: \"a\" stands before, in line 1"},
        {"a,b,a\n", "t.csv:1:5: the column \"a\" stands before"},
        {"a,,b\n", "t.csv:1:3: a column without a name"},
        {"a,b\n1\n", "t.csv:2:1: expected 2 cells, as in the header, found 1 cell"},
        {"a,b\n1,2\n1,2,3\n", "t.csv:3:1: expected 2 cells, as in the header, found 3 cells"},
        {"a\n1\"2\n", "t.csv:2:2: a quote inside a cell that does not begin with one"},
        {"a\n\"1\"2\n",
         "t.csv:2:4: expected a comma or the end of the line after the closing "
         "quote"},
        {"a,b\n1,\"2\n3,4\n", "t.csv:2:3: the quote is never closed"},
        {"a\n1\r2\n", "t.csv:2:2: a carriage return inside a cell"},
        {"a\n\xff\n", "t.csv:2:1: expected a table (CSV), found text that is not UTF-8"},
    };
    for (const auto& [content, expected] : cases)
        EXPECT_TRUE(error_in(content).starts_with(expected)) << error_in(content);
}

TEST(Csv, TypedCellsSayWhatTheyExpect) {
    const auto count = [](const CsvCell& cell) { cell.as_count(); };
    const auto positive = [](const CsvCell& cell) { cell.as_positive(); };
    const auto cost = [](const CsvCell& cell) { cell.as_cost(); };
    const auto flag = [](const CsvCell& cell) { cell.as_bool(); };
    EXPECT_EQ(cell_error("-1", count),
              "t.csv:2:1: n: expected a whole number from 0 to 2^63-1, found \"-1\"");
    for (const char* bad : {"-0", "1.0", "1e3", " 1", "9223372036854775808", "x"})
        EXPECT_NE(cell_error(bad, count).find("whole number"), std::string::npos) << bad;
    EXPECT_EQ(cell_error("9223372036854775807", count), "no error");
    EXPECT_EQ(cell_error("0", positive),
              "t.csv:2:1: n: expected a whole number above 0, found \"0\"");
    for (const char* bad : {"-1", "-0", "nan", "inf", "1e999", "0x10", "1,5", "\"\""})
        EXPECT_NE(cell_error(std::string(bad) == "1,5" ? "\"1,5\"" : bad, cost).find("finite"),
                  std::string::npos)
            << bad;
    EXPECT_EQ(cell_error("1.5e3", cost), "no error");
    EXPECT_EQ(cell_error("\"\"", cost),
              "t.csv:2:1: n: expected a finite number that is not negative, found nothing");
    EXPECT_EQ(cell_error("yes", flag), "t.csv:2:1: n: expected true or false, found \"yes\"");
}

TEST(Csv, ColumnsNobodyAskedForAreErrorsUnlessTheyAreExtras) {
    const Csv csv = parsed("model,arival_ns,x-note\n");
    CsvColumns columns(csv);
    EXPECT_EQ(columns.required("model"), 0U);
    EXPECT_EQ(columns.optional("deadline_ns"), std::nullopt);
    EXPECT_EQ(error_of([&] { columns.required("arrival_ns"); }),
              "t.csv:1:1: the column \"arrival_ns\" is missing");
    EXPECT_EQ(error_of([&] { columns.finish(); }),
              "t.csv:1:7: unknown column \"arival_ns\" (did you mean 'arrival_ns'?)");
}

TEST(Csv, MissingFilesAreNamed) {
    EXPECT_TRUE(error_of([] {
                    load_csv("/nonexistent/t.csv");
                }).starts_with("/nonexistent/t.csv: cannot be read"));
}

// Any bytes end in a table or in an InputError that names the file.
TEST(Csv, RandomBytesNeverCrash) {
    constexpr std::string_view alphabet = "a1,\"\n\r# :-x";
    SWAPLAB_FOR_SEEDS(seed, 1, 2000) {
        testing::Rng rng(seed);
        std::string content;
        for (std::int64_t i = rng.between(0, 40); i > 0; --i)
            content += alphabet[static_cast<std::size_t>(
                rng.between(0, static_cast<std::int64_t>(alphabet.size()) - 1))];
        try {
            const Csv csv = parsed(content);
            for (const CsvRow& row : csv.rows) ASSERT_EQ(row.size(), csv.header.size());
        } catch (const InputError& error) {
            ASSERT_TRUE(std::string(error.what()).starts_with("t.csv:")) << error.what();
        }
    }
}

}  // namespace
}  // namespace swaplab
