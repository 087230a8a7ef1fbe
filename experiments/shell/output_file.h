// A file that appears complete or not at all: written under a temporary name beside it and renamed.
#pragma once

#include <fstream>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace swaplab {

// An output that could be opened and then not be written (exit code 1).
class OutputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws `InputError` if two of the files are one; each comes with the flag that asks for it. Empty
// paths, and what is not a regular file, are left alone.
void require_distinct(const std::vector<std::pair<std::string, std::string>>& files);

class OutputFile {
  public:
    // Opens at once, so that a path that cannot be written fails before any work. Throws
    // `InputError`. What is not a regular file (/dev/null, a pipe) is written directly.
    explicit OutputFile(const std::string& path);
    // Removes the temporary file unless committed.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    std::ostream& stream() { return stream_; }
    // Flushes and puts the file in place. Throws `OutputError` if that fails (a full disk).
    void commit();

  private:
    std::string path_;
    std::string temporary_;  // empty when written directly or after the commit
    std::ofstream stream_;
};

// For outputs that are written where a flag asks for them: nothing for an empty path.
std::unique_ptr<OutputFile> open_if_asked(const std::string& path);
// All of it, and in place; nothing where there is no file.
void write_if_asked(const std::unique_ptr<OutputFile>& file, const std::string& content);

}  // namespace swaplab
