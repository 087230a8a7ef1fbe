// A file that appears complete or not at all: written under a random name beside it, brought onto
// the disk, and renamed. All that commands write goes through here (FORMATS: Output files).
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "experiments/output/descriptor_stream.h"
#include "experiments/output/output_error.h"
#include "experiments/output/output_target.h"
#include "experiments/output/temporary_file.h"

namespace swaplab {

class OutputFile {
  public:
    // Opens at once, so that what cannot be written is refused before any work. Throws
    // `InputError`. Streams and devices (`-`, /dev/fd/N, /dev/null) are written directly.
    explicit OutputFile(const std::string& path);
    // Removes what was written unless committed.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    std::ostream& stream() { return *stream_; }
    // Flushes and puts the file in place. Throws `OutputError` if that fails (a full disk).
    void commit();

  private:
    OutputTarget target_;
    std::optional<TemporaryFile> temporary_;  // absent when written directly
    int opened_ = -1;                         // a device
    std::unique_ptr<DescriptorStream> stream_;
};

// For outputs that are written where a flag asks for them: nothing for an empty path.
std::unique_ptr<OutputFile> open_if_asked(const std::string& path);
// All of it, and in place; nothing where there is no file.
void write_if_asked(const std::unique_ptr<OutputFile>& file, const std::string& content);

}  // namespace swaplab
