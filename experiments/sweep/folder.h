// The folder of a study: a list of its points and a file of records for each shard that was swept
// into it (FORMATS: Study folder).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/sweep/point_states.h"
#include "experiments/sweep/records/id_set.h"
#include "experiments/sweep/records/record_file.h"
#include "experiments/sweep/rows.h"

namespace swaplab {

// --shard K/N: every N-th cell from the K-th on.
struct Shard {
    std::size_t number = 1;
    std::size_t of = 1;

    bool has(std::size_t cell) const { return cell % of == number - 1; }
    std::string text() const;  // "1-of-3"
};

class StudyFolder {
  public:
    // Throws `InputError` where there is no such folder.
    static StudyFolder existing(const std::string& path);
    // Makes it if need be.
    static StudyFolder made(const std::string& path);

    const std::string& path() const { return path_; }
    std::string records_of(const Shard& shard) const;
    // What `shard` consists of, from now on: all ids that `each` adds.
    using AddId = std::function<void(const std::string&)>;
    void write_points(const Shard& shard, const std::function<void(const AddId&)>& each) const;
    // Adds those of all shards. Throws `InputError` where no sweep has begun.
    void add_points(IdSet& ids) const;
    // Every whole record of every shard; returns how many bytes behind them are torn.
    std::int64_t for_each_record(const std::function<void(PointRecord)>& on_record) const;
    PointStates states() const;

  private:
    explicit StudyFolder(std::string path) : path_(std::move(path)) {}
    std::vector<std::string> files(std::string_view ending) const;

    std::string path_;
};

}  // namespace swaplab
