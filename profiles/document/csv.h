// Positioned CSV: the tables that measurements, arrivals and budget traces come in.
//
// RFC 4180 with one addition: lines `# key: value` before the header are notes (a `#` line without
// a colon is a comment). The first other line is the header; every row has as many cells as it. A
// cell may be quoted ("a, ""b"""), also across lines; blank lines are skipped; lines end in \n or
// \r\n; spaces belong to their cell. Own code, since the CSV libraries of our platforms (libcsv,
// fast-cpp-csv-parser) do not say where a cell stands.
//
// Every error is an `InputError` "file:line:column: name of the column: ...". A reader:
//
//   const Csv csv = load_csv(path);
//   CsvColumns columns(csv);
//   const std::size_t model = columns.required("model");
//   const std::optional<std::size_t> deadline = columns.optional("deadline_ns");
//   columns.finish();
//   for (const CsvRow& row : csv.rows) use(csv.cell(row, model).str());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/document/document.h"

namespace swaplab {

struct CsvText {
    std::string text;  // without its quotes
    Position at;       // of its first byte (of the quote, where there is one)
};

struct CsvNote {
    CsvText key;
    CsvText value;  // without blanks around it
};

using CsvRow = std::vector<CsvText>;  // as long as the header

// One cell with all that a message about it needs. Borrows the file.
class CsvCell {
  public:
    CsvCell(const std::string& file, std::string_view name, const CsvText& text)
        : file_(&file), name_(name), text_(&text) {}

    const std::string& str() const { return text_->text; }
    bool empty() const { return text_->text.empty(); }

    // Typed access; each throws `InputError` naming what was expected and what was found.
    std::int64_t as_count() const;     // a whole number from 0 to 2^63-1, digits only
    std::int64_t as_positive() const;  // likewise, above 0
    double as_cost() const;            // a finite decimal number >= 0
    bool as_bool() const;              // true or false

    [[noreturn]] void fail(const std::string& message) const;
    [[noreturn]] void fail_expecting(std::string_view expected) const;

  private:
    const std::string* file_;
    std::string_view name_;
    const CsvText* text_;
};

struct Csv {
    std::string file;  // what messages call it
    std::vector<CsvNote> notes;
    std::vector<CsvText> header;
    std::vector<CsvRow> rows;

    CsvCell cell(const CsvRow& row, std::size_t column) const {
        return {file, header[column].text, row[column]};
    }
    CsvCell value_of(const CsvNote& note) const { return {file, note.key.text, note.value}; }
};

// Throw `InputError` on anything else: no header, a repeated or empty name in it, repeated notes,
// rows of another length, misplaced or unclosed quotes, text that is not UTF-8, more than 10
// million cells.
Csv parse_csv(std::string content, std::string file);
// Likewise, and if the file cannot be read or is larger than 256 MiB.
Csv load_csv(const std::string& path);

// As a cell is written: in double quotes if it holds a comma, a quote, a line break, or blanks at
// an end. Words that a spreadsheet would take for a formula (that begin with = + - @, a tab or a
// carriage return) get a ' before them; numbers stay numbers.
std::string csv_field(std::string_view text);
// Words as they were before `csv_field` put a ' there.
std::string without_guard(std::string_view text);

// Finds columns by name and rejects those that nobody asked for. Borrows the file.
class CsvColumns {
  public:
    explicit CsvColumns(const Csv& csv) : csv_(&csv) {}

    std::size_t required(std::string_view name);  // fails at the header if it is missing
    std::optional<std::size_t> optional(std::string_view name);
    // Fails on the first column nobody asked for and that does not begin with "x-", suggesting the
    // nearest name that was asked for.
    void finish() const;

  private:
    const Csv* csv_;
    std::vector<std::string> asked_;
};

}  // namespace swaplab
