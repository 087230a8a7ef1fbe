#include "tests/faults/mutants/mutate_table.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace swaplab::faults {

namespace {

using Row = std::vector<std::string>;

Row split(const std::string& line) {
    Row cells(1);
    for (const char c : line) {
        if (c == ',')
            cells.emplace_back();
        else
            cells.back() += c;
    }
    return cells;
}

// A row, mostly below the header.
Row& some_row(Table& table, Rng& random) {
    const auto last = std::ssize(table.rows) - 1;
    return table.rows[static_cast<std::size_t>(random.between(last > 0 ? 1 : 0, last))];
}

bool is_number(const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("0123456789.eE-+") == std::string::npos;
}

void another_number(Table& table, Rng& random) {
    std::string& cell = one_of(some_row(table, random), random);
    if (is_number(cell)) cell = number_near(cell, random);
}

void boundary(Table& table, Rng& random) {
    std::string& cell = one_of(some_row(table, random), random);
    if (cell.empty() || is_number(cell)) cell = boundary_number(random);
}

// From another row, so that words stay words.
void cell_of_another_row(Table& table, Rng& random) {
    Row& row = some_row(table, random);
    const Row& other = some_row(table, random);
    const auto at = static_cast<std::size_t>(random.between(0, std::ssize(row) - 1));
    if (at < other.size()) row[at] = other[at];
}

void move_rows(Table& table, Rng& random) {
    switch (random.between(0, 2)) {
        case 0: std::swap(some_row(table, random), some_row(table, random)); return;
        case 1: {
            const Row again = some_row(table, random);
            table.rows.insert(table.rows.begin() + random.between(1, std::ssize(table.rows)),
                              again);
            return;
        }
        default:
            if (table.rows.size() > 2)
                table.rows.erase(table.rows.begin() +
                                 random.between(1, std::ssize(table.rows) - 1));
    }
}

// Of the whole table: taken away, or twice.
void change_columns(Table& table, Rng& random) {
    const auto column = random.between(0, std::ssize(table.rows.front()) - 1);
    const bool twice = random.chance(20);
    for (Row& row : table.rows) {
        if (column >= std::ssize(row)) continue;
        if (twice)
            row.push_back(row[static_cast<std::size_t>(column)]);
        else if (row.size() > 1)
            row.erase(row.begin() + column);
    }
}

void change_header(Table& table, Rng& random) {
    std::string& name = one_of(table.rows.front(), random);
    name = random.chance(60) ? "x-" + name : hostile_text(random);
}

void odd_cell(Table& table, Rng& random) {
    Row& row = some_row(table, random);
    std::string& cell = one_of(row, random);
    switch (random.between(0, 3)) {
        case 0: cell = '"' + cell + '"'; return;
        case 1: cell = '"' + cell; return;
        case 2: row.push_back(cell); return;
        default: cell = hostile_text(random); return;
    }
}

void change_notes(Table& table, Rng& random) {
    if (table.notes.empty()) return;
    std::string& note = one_of(table.notes, random);
    const std::size_t colon = note.find(':');
    if (colon != std::string::npos && random.chance(60))
        note = note.substr(0, colon + 2) +
               (random.chance(70) ? boundary_number(random) : hostile_text(random));
    else if (random.chance(50))
        note = "# x-" + note.substr(std::min<std::size_t>(2, note.size()));
    else
        note = note + "\n" + note;
}

void edit(Table& table, Rng& random) {
    const std::int64_t which = random.between(0, 99);
    if (which < 40) return another_number(table, random);
    if (which < 58) return cell_of_another_row(table, random);
    if (which < 70) return move_rows(table, random);
    if (which < 82) return boundary(table, random);
    if (which < 87) return change_columns(table, random);
    if (which < 90) return change_header(table, random);
    if (which < 95) return change_notes(table, random);
    odd_cell(table, random);
}

}  // namespace

Table table_of(const std::string& csv) {
    Table table;
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#') && table.rows.empty())
            table.notes.push_back(line);
        else
            table.rows.push_back(split(line));
    }
    if (table.rows.empty()) table.rows.push_back(split("a"));
    return table;
}

std::string to_csv(const Table& table) {
    std::string out;
    for (const std::string& note : table.notes) out += note + '\n';
    for (const Row& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + row[i];
        out += '\n';
    }
    return out;
}

void mutate_table(Table& table, Rng& random) {
    for (std::int64_t edits = random.between(1, 3); edits > 0; --edits) edit(table, random);
}

void sort_by_time(Table& table) {
    const Row& header = table.rows.front();
    const auto time = std::ranges::find_if(
        header, [](const std::string& name) { return name == "arrival_ns" || name == "time_ns"; });
    if (time == header.end()) return;
    const auto column = static_cast<std::size_t>(time - header.begin());
    const auto at = [column](const Row& row) {
        return column < row.size() ? std::strtoll(row[column].c_str(), nullptr, 10) : 0;
    };
    std::stable_sort(table.rows.begin() + 1, table.rows.end(),
                     [&](const Row& a, const Row& b) { return at(a) < at(b); });
}

}  // namespace swaplab::faults
