// A file that appears complete or not at all: written under a temporary name beside it and renamed.
#pragma once

#include <fstream>
#include <ostream>
#include <string>

namespace swaplab {

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
    // Flushes and puts the file in place. Throws `std::runtime_error` if that fails (a full disk).
    void commit();

  private:
    std::string path_;
    std::string temporary_;  // empty when written directly or after the commit
    std::ofstream stream_;
};

}  // namespace swaplab
