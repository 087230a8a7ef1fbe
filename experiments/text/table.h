// Columns of text for a terminal: headings of several lines, aligned at the bottom, then rows.
#pragma once

#include <string>
#include <vector>

namespace swaplab {

enum class Align : std::uint8_t { left, right };

class TextTable {
  public:
    // `heading` may be empty, and may have several lines.
    void add_column(std::vector<std::string> heading, Align align = Align::right);
    // One cell per column; missing ones are empty. Cells may hold escape codes; a line feed, which
    // a file's name may have, is shown as one.
    void add_row(std::vector<std::string> cells);
    // A horizontal line, of the table's width.
    void add_rule();

    std::size_t width() const;  // of a line, without the indent
    // Two spaces between columns, no spaces at the end of a line.
    std::string str(std::size_t indent = 0) const;

  private:
    struct Column {
        std::vector<std::string> heading;
        Align align;
    };
    using Widths = std::vector<std::size_t>;  // of the columns
    Widths widths() const;
    std::string line(const std::vector<std::string>& cells, const Widths& widths,
                     std::size_t indent) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

}  // namespace swaplab
