// Accesses that a real device would not have survived, as values instead of crashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace swaplab {

// While one lives, an access inside a registered range that the hardware refuses (SIGSEGV, SIGBUS)
// is recorded, and then goes on: its page becomes accessible, with what frames are behind it, else
// with memory that nobody reads. Faults elsewhere go where they went before. So the first access to
// a page is seen; later ones are, once it has been protected or unmapped anew.
//
// System calls do not fault: they return EFAULT for memory that is protected. Ranges may be
// registered from any thread; none may be accessed any more when the object ends. One at a time.
class HostFaults {
  public:
    struct Fault {
        std::uint64_t tag;
        std::size_t offset;  // within the range
        bool write;          // false also where the processor does not tell (not x86-64, AArch64)
    };
    static constexpr std::size_t kMostRanges = 1 << 14;
    static constexpr std::size_t kMostFaults = 256;  // not taken yet; further ones are only counted

    HostFaults();
    ~HostFaults();
    HostFaults(const HostFaults&) = delete;
    HostFaults& operator=(const HostFaults&) = delete;

    // Whole pages that overlap no other range, for good. Aborts beyond `kMostRanges`.
    void register_range(const std::byte* begin, std::size_t size, std::uint64_t tag);

    // The next fault, oldest first.
    std::optional<Fault> take();
    // Faults since the begin, taken or not.
    std::uint64_t count() const;

    struct Table;  // what the signal handler sees

  private:
    std::unique_ptr<Table> table_;
    std::mutex mutex_;  // of who registers and who takes
};

}  // namespace swaplab
