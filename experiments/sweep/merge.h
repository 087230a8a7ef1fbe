// Folders of a study become one table: the same rows in the same order, whoever ran them when.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/sweep/folder.h"

namespace swaplab {

// Where rows go.
class TableSink {
  public:
    virtual ~TableSink() = default;
    // By `study_columns`.
    virtual void add(const std::vector<std::string>& fields) = 0;
    // All rows are there: the file appears. Throws `OutputError` if that fails.
    virtual void finish() = 0;
};
// Opens its file at once; throws `InputError` where it cannot be written.
std::unique_ptr<TableSink> csv_table(const std::string& path);
// A table `points`; what a column has no value for is NULL.
std::unique_ptr<TableSink> sqlite_table(const std::string& path);

struct MergeCounts {
    std::int64_t rows = 0;
    std::int64_t missing = 0;  // points of the folders without a record
    std::int64_t failed = 0;   // rows without figures, but with a reason
    std::int64_t others = 0;   // records of experiments as they were before: left out
};

// Rows by what they are of (the columns of `identity_columns`, numbers by value), each point once.
// Holds some 64 MiB of records at a time; the rest waits in files in `scratch`.
MergeCounts merge(const std::vector<StudyFolder>& folders, const std::string& scratch,
                  TableSink& sink);

}  // namespace swaplab
