#include "experiments/sweep/records/sorted_records.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <queue>

#include "experiments/output/output_file.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

[[noreturn]] void refuse(const std::string& folder) {
    throw OutputError(
        text("cannot write a temporary file in '{}': {}", folder, std::strerror(errno)));
}

}  // namespace

// A sorted file without a name.
class SortedRecords::Run {
  public:
    explicit Run(const std::string& folder) : folder_(folder) {
        std::string name = folder + "/.swaplab-merge-XXXXXX";
        const int file = mkstemp(name.data());
        if (file < 0) refuse(folder);
        unlink(name.c_str());
        stream_ = fdopen(file, "w+b");
        if (stream_ == nullptr) refuse(folder);
    }
    ~Run() { std::fclose(stream_); }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void write(const std::string& part) {
        const auto size = static_cast<std::uint32_t>(part.size());
        if (std::fwrite(&size, sizeof size, 1, stream_) != 1 ||
            std::fwrite(part.data(), 1, part.size(), stream_) != part.size())
            refuse(folder_);
    }
    void rewind() {
        if (std::fflush(stream_) != 0) refuse(folder_);
        std::rewind(stream_);
    }
    bool read(KeyedRecord& record) { return read(record.key) && read(record.content); }

  private:
    bool read(std::string& part) {
        std::uint32_t size = 0;
        if (std::fread(&size, sizeof size, 1, stream_) == 1) {
            part.resize(size);
            if (std::fread(part.data(), 1, size, stream_) == size) return true;
        } else if (std::ferror(stream_) == 0) {
            return false;
        }
        throw OutputError(text("cannot read a temporary file in '{}'", folder_));
    }

    std::string folder_;
    std::FILE* stream_ = nullptr;
};

SortedRecords::SortedRecords(std::string folder, std::size_t memory_bytes)
    : folder_(folder.empty() ? "." : std::move(folder)), memory_bytes_(memory_bytes) {}
SortedRecords::~SortedRecords() = default;

void SortedRecords::add(KeyedRecord record) {
    held_bytes_ += sizeof record + record.key.capacity() + record.content.capacity();
    held_.push_back(std::move(record));
    if (held_bytes_ > memory_bytes_) spill();
}

void SortedRecords::spill() {
    std::ranges::sort(held_);
    Run& run = *runs_.emplace_back(std::make_unique<Run>(folder_));
    for (const KeyedRecord& record : held_) {
        run.write(record.key);
        run.write(record.content);
    }
    run.rewind();
    held_.clear();
    held_bytes_ = 0;
}

void SortedRecords::for_each(const std::function<void(const KeyedRecord&)>& on_record) {
    if (runs_.empty()) {
        std::ranges::sort(held_);
        for (const KeyedRecord& record : held_) on_record(record);
        return;
    }
    if (!held_.empty()) spill();
    std::vector<KeyedRecord> heads(runs_.size());
    const auto later = [&](std::size_t a, std::size_t b) { return heads[b] < heads[a]; };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next(later);
    for (std::size_t run = 0; run < runs_.size(); ++run)
        if (runs_[run]->read(heads[run])) next.push(run);
    while (!next.empty()) {
        const std::size_t run = next.top();
        next.pop();
        on_record(heads[run]);
        if (runs_[run]->read(heads[run])) next.push(run);
    }
}

}  // namespace swaplab
