// Records that are whole or absent, whenever the process that writes them dies (FORMATS: Record
// file): a file is only ever appended to, and each record says how long it is and what it hashes
// to.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace swaplab {

// What a scan of a file found.
struct RecordScan {
    std::int64_t whole_bytes = 0;  // up to the end of the last whole record
    std::int64_t torn_bytes = 0;   // behind it
};

// Every whole record from the begin of the file to the first that is not. Throws `InputError` if
// the file cannot be read.
RecordScan read_records(const std::string& path,
                        const std::function<void(std::string_view)>& on_record);

// The one writer of a file.
class RecordWriter {
  public:
    // Opens the file, or makes it, and cuts off what is torn. Throws `InputError` where that is
    // impossible or another process writes to it.
    explicit RecordWriter(const std::string& path);
    ~RecordWriter();
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;

    bool empty() const { return end_ == 0; }
    std::int64_t cut_off() const { return cut_off_; }
    // Throws `OutputError` if it cannot be written (a full disk); then it is absent.
    void append(std::string_view payload);
    // Until here it survives a loss of power, too.
    void sync();

  private:
    [[noreturn]] void take_back(int reason);

    std::string path_;
    int file_ = -1;
    std::int64_t end_ = 0;
    std::int64_t cut_off_ = 0;
};

}  // namespace swaplab
