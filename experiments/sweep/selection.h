// --points FILE.csv: of a study, the points that a table lists (FORMATS: Point list).
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "experiments/sweep/points.h"

namespace swaplab {

class PointSelection {
  public:
    // All points.
    PointSelection() = default;
    // Those that agree with a row in all columns that the table has. Throws `InputError` for other
    // columns than a point is told by, and for a row that no point agrees with.
    PointSelection(const std::string& path, const StudyPoints& points);

    bool has(const StudyPoints& points, std::size_t cell, std::size_t draw) const;

  private:
    std::string key_of(const StudyPoints& points, const StudyCell& cell, std::size_t draw) const;

    bool all_ = true;
    bool by_id_ = false;
    std::vector<std::size_t> columns_;  // of `identity_columns`
    std::unordered_set<std::string> wanted_;
};

}  // namespace swaplab
