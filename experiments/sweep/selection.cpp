#include "experiments/sweep/selection.h"

#include <algorithm>
#include <optional>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/csv.h"

namespace swaplab {

namespace {

constexpr char kBetween = '\x1f';

std::string key_in(const CsvRow& row, const std::vector<std::size_t>& columns) {
    std::string key;
    for (const std::size_t column : columns) key += row[column].text + kBetween;
    return key;
}

}  // namespace

PointSelection::PointSelection(const std::string& path, const StudyPoints& points) : all_(false) {
    const Csv csv = load_csv(path);
    CsvColumns columns(csv);
    std::vector<std::size_t> cells;
    const std::optional<std::size_t> id = columns.optional("point");
    by_id_ = id.has_value();
    if (by_id_) cells.push_back(*id);
    for (std::size_t i = 0; i < identity_columns().size(); ++i)
        if (const auto column = columns.optional(identity_columns()[i])) {
            columns_.push_back(i);
            cells.push_back(*column);
        }
    columns.finish();
    if (cells.empty())
        throw InputError(text("{}: expected a column that tells points apart", csv.file));
    std::unordered_set<std::string> found;
    for (const CsvRow& row : csv.rows) wanted_.insert(key_in(row, cells));
    for (const StudyCell& cell : points.cells())
        for (std::size_t draw = 0; draw < points.draws(); ++draw)
            if (std::string key = key_of(points, cell, draw); wanted_.contains(key))
                found.insert(std::move(key));
    for (const CsvRow& row : csv.rows)
        if (!found.contains(key_in(row, cells)))
            csv.cell(row, cells.front()).fail("no point of the experiment agrees with this row");
}

std::string PointSelection::key_of(const StudyPoints& points, const StudyCell& cell,
                                   std::size_t draw) const {
    std::string key;
    if (by_id_) key += points.id(cell, draw) + kBetween;
    if (columns_.empty()) return key;
    const std::vector<std::string> fields = points.identity(cell, draw);
    for (const std::size_t column : columns_) key += fields[column] + kBetween;
    return key;
}

bool PointSelection::has(const StudyPoints& points, std::size_t cell, std::size_t draw) const {
    return all_ || wanted_.contains(key_of(points, points.cells()[cell], draw));
}

}  // namespace swaplab
