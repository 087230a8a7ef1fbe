#include "experiments/sweep/merge.h"

#include <algorithm>

#include "experiments/output/output_file.h"
#include "experiments/sweep/records/sorted_records.h"
#include "experiments/text/csv.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kMemory = std::size_t{64} << 20;
constexpr char kBetween = '\x1f';  // sorts before all that is printed

// So that text sorts as numbers do; nothing comes before all of them.
std::string padded(const std::string& number) {
    constexpr std::size_t digits = 20;
    return number.empty() ? number
                          : std::string(digits - std::min(digits, number.size()), '0') + number;
}

// Equal for records of one point up to its id; behind that the one that says most comes first.
std::string key_of(const PointRecord& record) {
    constexpr std::int64_t most = 999'999'999;
    std::string key;
    for (std::size_t i = 0; i < identity_columns().size(); ++i) {
        const bool number = study_columns()[i].type == ColumnType::integer;
        key += (number ? padded(record.fields[i]) : record.fields[i]) + kBetween;
    }
    key += record.id + kBetween;
    return key + text("{}{:09}", record.failed ? 'f' : 'd', most - record.attempt);
}

class CsvTable final : public TableSink {
  public:
    explicit CsvTable(const std::string& path) : file_(path) {
        std::vector<std::string> names;
        for (const StudyColumn& column : study_columns()) names.push_back(column.name);
        file_.stream() << csv_line(names);
    }
    void add(const std::vector<std::string>& fields) override {
        file_.stream() << csv_line(fields);
    }
    void finish() override { file_.commit(); }

  private:
    OutputFile file_;
};

}  // namespace

std::unique_ptr<TableSink> csv_table(const std::string& path) {
    return std::make_unique<CsvTable>(path);
}

MergeCounts merge(const std::vector<StudyFolder>& folders, const std::string& scratch,
                  TableSink& sink) {
    IdSet points;
    for (const StudyFolder& folder : folders) folder.add_points(points);
    points.finish();
    MergeCounts counts;
    SortedRecords sorted(scratch, kMemory);
    for (const StudyFolder& folder : folders)
        folder.for_each_record([&](const PointRecord& record) {
            if (points.contains(record.id))
                sorted.add({key_of(record), point_text(record)});
            else
                ++counts.others;
        });
    std::string last;
    sorted.for_each([&](const KeyedRecord& keyed) {
        const PointRecord record = read_point(keyed.content, "a temporary file");
        if (record.id == last) return;
        last = record.id;
        sink.add(record.fields);
        ++counts.rows;
        counts.failed += record.failed;
    });
    counts.missing = static_cast<std::int64_t>(points.size()) - counts.rows;
    return counts;
}

}  // namespace swaplab
