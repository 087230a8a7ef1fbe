// Activation memory that tells who holds how much: what packing measures with.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "policies/port/executor.h"
#include "profiles/base/units.h"

namespace swaplab {

// Each allocation counts as what it takes of a budget (`activation_bytes_taken`), and belongs to the
// owner that was current when it was made.
class MeteredMemory final : public ActivationMemory {
  public:
    using Owner = std::uint32_t;

    MeteredMemory() = default;
    MeteredMemory(const MeteredMemory&) = delete;
    MeteredMemory& operator=(const MeteredMemory&) = delete;
    ~MeteredMemory() override;

    void* allocate(std::size_t bytes) override;
    void free(void* at) override;

    // From now on allocations are the owner's, and the peak is that of now.
    void begin(Owner owner);
    Bytes in_use() const;
    Bytes peak() const;
    Bytes held_by(Owner owner) const;
    // Whose allocation the address lies in.
    std::optional<Owner> owner_of(const void* at) const;

  private:
    struct Allocation {
        Bytes size;
        Owner owner = 0;
    };

    mutable std::mutex mutex_;
    std::map<const std::byte*, Allocation> allocations_;
    Owner owner_ = 0;
    Bytes in_use_;
    Bytes peak_;
};

}  // namespace swaplab
