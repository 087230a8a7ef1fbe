// Points as rows: one table for every study, each column with a unit in its name.
#pragma once

#include <string>
#include <vector>

#include "experiments/run/metric_columns.h"
#include "experiments/sweep/points.h"

namespace swaplab {

// One point that has been run, or could not be.
struct PointRecord {
    std::string id;
    std::int64_t attempt = 1;         // of those that failed: how often it was tried
    bool failed = false;              // what is tried again with --retry-failed
    std::vector<std::string> fields;  // by `study_columns`
};

struct StudyColumn {
    std::string name;
    ColumnType type = ColumnType::word;
};
// What a point is, its id and verdict, then its figures.
const std::vector<StudyColumn>& study_columns();
// The number of a column. Aborts on a name that is none.
std::size_t study_column(std::string_view name);

PointRecord ran(const StudyPoints& points, const StudyCell& cell, std::size_t draw,
                const RunResult& result);
// It ended by an error: no figures, but the reason.
PointRecord failed(const StudyPoints& points, const StudyCell& cell, std::size_t draw,
                   std::string_view verdict, const std::string& reason);

// A record as the text of a frame (FORMATS: Record file). `read_point` throws `InputError`, which
// names the file, for what is none.
std::string columns_text();
std::string point_text(const PointRecord& record);
bool is_columns(std::string_view payload);
void require_known_columns(std::string_view payload, const std::string& file);
PointRecord read_point(std::string_view payload, const std::string& file);

}  // namespace swaplab
