// Reading ranges of one file into memory, as fast as the storage gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "hw/storage/file.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/units.h"

namespace swaplab {

enum class IoBackend : std::uint8_t { automatic, uring, pread };

inline constexpr std::uint32_t kMostInFlight = 1024;
inline constexpr Bytes kMostPerRequest{std::int64_t{1} << 30};

struct ReadOptions {
    Bytes request_bytes{1 << 20};  // > 0; rounded up to the alignment, at most kMostPerRequest
    std::uint32_t depth = 8;       // requests in flight of one `read`, 1 to kMostInFlight
    IoBackend backend = IoBackend::automatic;
    bool direct = true;        // false: through the page cache, and dropped from it behind
    bool keep_cached = false;  // ... or kept there, so that the next read may not reach the storage
    // What the caller's offsets, sizes and addresses are multiples of, a power of two. Where direct
    // I/O asks for more, reads go through the page cache.
    Bytes alignment{4096};
};

// How a reader really reads.
struct ReaderInfo {
    IoBackend backend = IoBackend::pread;
    bool direct = true;       // false where the file system refuses direct I/O
    Bytes alignment{4096};    // what direct I/O needs here, at most ReadOptions::alignment; else 1
    std::string description;  // "io_uring, direct, 8 requests of 1.00 MiB in flight"
};

// A range of the file, and where it goes.
struct ReadRange {
    Bytes offset, size;
    std::byte* to = nullptr;
};

class Reader {
  public:
    virtual ~Reader() = default;
    // Fills [to, to + size) of every range from the file, with `depth` requests in flight over all
    // of them; returns when all is there. `offset`, `size` and `to` are multiples of the alignment.
    // Throws `StorageError`; what lies at any `to` is then unknown. One caller at a time.
    virtual void read(std::span<const ReadRange> ranges) = 0;
    void read(Bytes offset, Bytes size, std::byte* to) {
        const ReadRange range{offset, size, to};
        read({&range, 1});
    }
    virtual const ReaderInfo& info() const = 0;
};

// Opens the file. Throws `InputError` if it cannot be opened or the options make no sense,
// `UnsupportedError` if io_uring is asked for by name and cannot be used here, or if there are no
// threads to be had for a pread pool. Holds the file open;
// with a pread pool, `depth` threads.
std::unique_ptr<Reader> open_reader(const std::string& path, const ReadOptions& options);
// Likewise of a file that is open; `path` is what messages call it.
std::unique_ptr<Reader> open_reader(FileHandle file, const std::string& path,
                                    const ReadOptions& options);

// Writes back and takes out of the page cache what it has of the file, as far as the system does:
// the next read comes from storage. Not what others have mapped, nor where the file system is
// memory itself. Throws `StorageError` where the system refuses.
void drop_cached(const FileHandle& file, const std::string& path);

}  // namespace swaplab
