// Sorting more records than fit into memory: sorted runs go to files that have no name, and are
// merged as they are read.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace swaplab {

struct KeyedRecord {
    std::string key;
    std::string content;

    friend auto operator<=>(const KeyedRecord&, const KeyedRecord&) = default;
};

class SortedRecords {
  public:
    // What does not fit into `memory_bytes` goes to files in `folder` that vanish by themselves.
    SortedRecords(std::string folder, std::size_t memory_bytes);
    ~SortedRecords();
    SortedRecords(const SortedRecords&) = delete;
    SortedRecords& operator=(const SortedRecords&) = delete;

    // Throws `OutputError` where the disk is full.
    void add(KeyedRecord record);
    // All of them, by key and then content. Once.
    void for_each(const std::function<void(const KeyedRecord&)>& on_record);

  private:
    class Run;
    void spill();

    std::string folder_;
    std::size_t memory_bytes_;
    std::size_t held_bytes_ = 0;
    std::vector<KeyedRecord> held_;
    std::vector<std::unique_ptr<Run>> runs_;
};

}  // namespace swaplab
