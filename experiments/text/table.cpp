#include "experiments/text/table.h"

#include <algorithm>
#include <utility>

#include "experiments/text/layout.h"

namespace swaplab {

namespace {

constexpr std::size_t kGap = 2;

std::size_t width_of(const std::vector<std::size_t>& columns) {
    std::size_t sum = columns.empty() ? 0 : kGap * (columns.size() - 1);
    for (const std::size_t width : columns) sum += width;
    return sum;
}

}  // namespace

void TextTable::add_column(std::vector<std::string> heading, Align align) {
    columns_.push_back({std::move(heading), align});
}

void TextTable::add_row(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::string& cell : cells)
        for (std::size_t at = 0; (at = cell.find('\n', at)) != std::string::npos; at += 2)
            cell.replace(at, 1, "\\n");
    rows_.push_back(std::move(cells));
}

void TextTable::add_rule() { rows_.emplace_back(); }

TextTable::Widths TextTable::widths() const {
    Widths widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = 0;
        for (const std::string& line : columns_[i].heading)
            widest = std::max(widest, display_width(line));
        for (const auto& row : rows_)
            if (!row.empty()) widest = std::max(widest, display_width(row[i]));
        widths.push_back(widest);
    }
    return widths;
}

std::size_t TextTable::width() const { return width_of(widths()); }

std::string TextTable::line(const std::vector<std::string>& cells, const Widths& widths,
                            std::size_t indent) const {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line.append(kGap, ' ');
        line += columns_[i].align == Align::left ? pad_right(cells[i], widths[i])
                                                 : pad_left(cells[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

std::string TextTable::str(std::size_t indent) const {
    std::size_t heading_lines = 0;
    for (const Column& column : columns_)
        heading_lines = std::max(heading_lines, column.heading.size());
    const Widths columns = widths();
    std::string table;
    for (std::size_t i = 0; i < heading_lines; ++i) {
        std::vector<std::string> cells;
        for (const Column& column : columns_) {
            const std::size_t above = heading_lines - column.heading.size();
            cells.push_back(i < above ? "" : column.heading[i - above]);
        }
        table += line(cells, columns, indent);
    }
    for (const auto& row : rows_)
        table += row.empty() ? std::string(indent, ' ') + std::string(width_of(columns), '-') + '\n'
                             : line(row, columns, indent);
    return table;
}

}  // namespace swaplab
