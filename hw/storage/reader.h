// Reading ranges of one file into memory, as fast as the storage gives them.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "profiles/units.h"

namespace swaplab {

// Storage did not give what was asked for (exit code 1): names file, offset, and why.
class StorageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

enum class IoBackend : std::uint8_t { automatic, uring, pread };

struct ReadOptions {
    Bytes request_bytes{1 << 20};  // a multiple of the alignment
    std::uint32_t depth = 8;       // requests in flight of one `read`, at least 1
    IoBackend backend = IoBackend::automatic;
    bool direct = true;  // false: through the page cache, and dropped from it behind
};

// How a reader really reads.
struct ReaderInfo {
    IoBackend backend = IoBackend::pread;
    bool direct = true;  // false where the file system refuses direct I/O
    Bytes alignment{4096};
    std::string description;  // "io_uring, direct, 8 requests of 1 MiB in flight"
};

class Reader {
  public:
    virtual ~Reader() = default;
    // Fills [to, to + size) from the file; returns when all is there. `offset`, `size` and `to` are
    // multiples of the alignment. Throws `StorageError`; what lies at `to` is then unknown. One
    // caller at a time.
    virtual void read(Bytes offset, Bytes size, std::byte* to) = 0;
    virtual const ReaderInfo& info() const = 0;
};

// Opens the file. Throws `InputError` if it cannot be opened.
std::unique_ptr<Reader> open_reader(const std::string& path, const ReadOptions& options);

}  // namespace swaplab
