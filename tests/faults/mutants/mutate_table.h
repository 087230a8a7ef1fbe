// CSV changed as somebody who knows the format would change it.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/mutants/words.h"

namespace swaplab::faults {

// Lines with `#` in front, then a header and rows of cells without quotes.
struct Table {
    std::vector<std::string> notes;
    std::vector<std::vector<std::string>> rows;  // the header first
};

Table table_of(const std::string& csv);
std::string to_csv(const Table& table);

// One to three edits: numbers become others, cells and rows change places, come twice or go,
// columns are renamed, rows get longer.
void mutate_table(Table& table, Rng& random);

// Rows by their column `arrival_ns` or `time_ns`, as files of events have to be.
void sort_by_time(Table& table);

}  // namespace swaplab::faults
