// The narrow port between the reader's logic and the kernel: requests go in, completions come out.
// Implementations: io_uring, a pool of pread threads, and a faulty one in the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace swaplab {

struct IoRequest {
    std::uint32_t tag = 0;  // comes back with the completion; unique among those in flight
    std::int64_t offset = 0;
    std::size_t size = 0;  // > 0
    std::byte* to = nullptr;
};

struct IoCompletion {
    std::uint32_t tag = 0;
    std::int64_t result = 0;  // bytes read, 0 at the end of the file, or -errno
};

// What the kernel is asked to read. Until a request has completed, the memory it reads into belongs
// to it; there is no way to take it back. Errors are results, nothing throws. One thread at a time.
class BlockIo {
  public:
    virtual ~BlockIo() = default;
    // Starts now or, at the latest, in the next `wait`. At most `depth` in flight.
    virtual void submit(const IoRequest& request) noexcept = 0;
    // Returns one completion, in any order; at least one request is in flight.
    virtual IoCompletion wait() noexcept = 0;
};

// nullptr, with the reason in `why`, where the kernel or a container forbids io_uring or the
// program was built without it. `descriptor` stays open as long as the result lives.
std::unique_ptr<BlockIo> make_uring_io(int descriptor, std::uint32_t depth, std::string& why);

// `depth` threads that read; with one in flight, the caller itself. Throws `std::system_error` if
// they cannot be started.
std::unique_ptr<BlockIo> make_pread_io(int descriptor, std::uint32_t depth);

}  // namespace swaplab
