#include "experiments/sweep/folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "experiments/output/output_file.h"
#include "profiles/base/error.h"
#include "profiles/base/reading.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecords = ".records";
constexpr std::string_view kPoints = ".points";

void add_list(const std::string& list, IdSet& ids) {
    std::ifstream stream(list);
    if (!stream) throw InputError(text("cannot read '{}': {}", list, std::strerror(errno)));
    try {
        for (std::string id; next_line(stream, id, list);) ids.add(id);
    } catch (const InputError& error) {
        throw InputError(text("{}: {}", list, error.what()));
    }
}

}  // namespace

std::string Shard::text() const { return swaplab::text("{}-of-{}", number, of); }

StudyFolder StudyFolder::existing(const std::string& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored))
        throw InputError(
            text("'{}' is no folder of a study: `swaplab sweep EXPERIMENT.yaml -o {}` "
                 "makes one",
                 path, path));
    return StudyFolder(path);
}

StudyFolder StudyFolder::made(const std::string& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed || !fs::is_directory(path, failed))
        throw InputError(text("cannot make the folder '{}': {}", path,
                              failed ? failed.message() : "something else has this name"));
    return StudyFolder(path);
}

std::string StudyFolder::records_of(const Shard& shard) const {
    return text("{}/{}{}", path_, shard.text(), kRecords);
}

void StudyFolder::write_points(const Shard& shard,
                               const std::function<void(const AddId&)>& each) const {
    OutputFile file(text("{}/{}{}", path_, shard.text(), kPoints));
    each([&](const std::string& id) { file.stream() << id << '\n'; });
    file.commit();
}

// Sorted, so that nothing depends on the order in which a file system lists them.
std::vector<std::string> StudyFolder::files(std::string_view ending) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path_))
        if (entry.path().extension() == ending) found.push_back(entry.path().string());
    std::ranges::sort(found);
    return found;
}

void StudyFolder::add_points(IdSet& ids) const {
    const std::vector<std::string> lists = files(kPoints);
    if (lists.empty())
        throw InputError(
            text("{}: no sweep has begun here (there is no *{} in it)", path_, kPoints));
    for (const std::string& list : lists) add_list(list, ids);
}

std::int64_t StudyFolder::for_each_record(const std::function<void(PointRecord)>& on_record) const {
    std::int64_t torn = 0;
    for (const std::string& file : files(kRecords)) {
        const RecordScan scan = read_records(file, [&](std::string_view payload) {
            if (is_columns(payload))
                require_known_columns(payload, file);
            else
                on_record(read_point(payload, file));
        });
        torn += scan.torn_bytes;
    }
    return torn;
}

PointStates StudyFolder::states() const {
    PointStates states;
    for_each_record([&](const PointRecord& record) { states.add(record); });
    states.finish();
    return states;
}

}  // namespace swaplab
