// The memory of the fake: allocations of all kinds, who may touch them, who did.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "hw/cuda/runtime/cuda_api.h"
#include "tests/hw/cuda/fake/clocks.h"

namespace swaplab::testing {

inline constexpr std::size_t kPageOfFake = 4096;

// What breaks a rule of CUDA's, in words, each once.
class Findings {
  public:
    void add(const std::string& what);
    const std::vector<std::string>& all() const { return all_; }

  private:
    std::vector<std::string> all_;
};

// Who touches, when and knowing what.
struct Toucher {
    std::string what;  // "kernel checksum on stream 2"
    Epoch epoch;
    const VectorClock* knows = nullptr;
};

struct Access {
    std::size_t begin = 0, end = 0;  // within its allocation
    bool write = false;
    std::string what;
    Epoch epoch;
};

struct Allocation {
    enum class Kind : std::uint8_t { device, pinned, managed };
    Kind kind = Kind::device;
    std::string name;
    std::size_t bytes = 0;
    std::byte* host = nullptr;  // where the host finds it; of the device: an address without memory
    std::byte* device = nullptr;   // where kernels find it
    std::byte* backing = nullptr;  // where its bytes really are
    std::size_t given = 0;         // bytes in front of `host` in what was mapped

    std::vector<Access> accesses;  // that are not known by all who came later
    // Of managed memory.
    Attach attach = Attach::global;
    StreamHandle attached_to = nullptr;
    std::vector<Access> attaching;     // changes of it, and kernels that rely on it
    std::vector<bool> page_on_device;  // after a prefetch
};

// A range of bytes that CUDA knows.
struct Found {
    Allocation* allocation = nullptr;
    std::size_t offset = 0;

    std::byte* bytes() const { return allocation->backing + offset; }
    // By address, from what was mapped on.
    std::size_t first_page() const { return (allocation->given + offset) / kPageOfFake; }
    std::size_t last_page(std::size_t bytes) const {
        return (allocation->given + offset + bytes - 1) / kPageOfFake;
    }
};

class FakeMemory {
  public:
    FakeMemory(Findings& findings, bool one_pointer)
        : findings_(findings), one_pointer_(one_pointer) {}
    ~FakeMemory();

    // The host's memory is pinned where it is; null and nothing where that overlaps with other.
    Allocation* pin(void* at, std::size_t bytes);
    Allocation& allocate(Allocation::Kind kind, std::size_t bytes);
    // By its begin; null where there is none.
    Allocation* begins_at(const void* at);
    void free(Allocation& allocation, const VectorClock& host);

    // As a kernel or the host addresses it; copies take either.
    std::optional<Found> find(const void* at, std::size_t bytes, bool kernel, bool host);

    void touch(const Found& found, std::size_t bytes, bool write, const Toucher& who);
    void touch_attachment(Allocation& allocation, bool write, const Toucher& who);
    std::vector<std::string> alive() const;

  private:
    void touch(std::vector<Access>& accesses, const Access& access, const Toucher& who,
               const std::string& where);

    Findings& findings_;
    bool one_pointer_;
    std::list<Allocation> allocations_;
    std::size_t made_ = 0;
};

}  // namespace swaplab::testing
