// The frames of an emulated run, and where blocks see them. Two ways:
//
// - plain: huge pages, moved to where they are needed. Direct reads are twice as fast or more.
// - guarded: small pages of a file in memory, taken away from whoever frees them and, where the
//   host's view and the kernels' must differ, mapped twice. Accesses that the device would not
//   survive are seen.
//
// A piece is one holding of one block; ids are dense. Sizes are whole frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "policies/port/executor.h"
#include "profiles/base/units.h"

namespace swaplab {

struct BackingPlan {
    std::uint32_t pieces = 0;
    Bytes all_pieces;            // their sizes, summed
    std::optional<Bytes> limit;  // of all frames; absent: as many as are asked for
    Bytes warm_pieces;           // how much of the limit pieces will use; the rest is set aside
    Bytes activations;           // the most that an executor is thought to allocate
    bool two_views = false;      // guarded only
};

class Backing {
  public:
    virtual ~Backing() = default;

    struct Addresses {
        std::byte* host = nullptr;
        std::byte* device = nullptr;
    };
    // An access that was refused: within a piece, by a thread of the host.
    struct Fault {
        std::uint32_t piece = 0;
        std::size_t offset = 0;
        bool write = false;
    };

    // Gets the memory of the limit, as far as `size`; more by another call. Before all below.
    virtual void get_memory(Bytes size) = 0;
    // Frames for a piece that has none, which takes `most` bytes at the most. From the thread of a
    // lane; throws `OutOfMemory`.
    virtual Addresses bring(std::uint32_t piece, Bytes size, Bytes most) = 0;
    // The piece's frames are free. The other calls come from one thread, beside `bring` of others.
    virtual void drop(std::uint32_t piece) = 0;
    // So much is in use besides pieces, and nobody looks into it.
    virtual void set_aside(Bytes size) = 0;
    // Another limit from now on; what is in use stays.
    virtual void set_limit(Bytes limit) = 0;
    // Closes or opens the host's view of a piece that has frames.
    virtual void set_host_access(std::uint32_t piece, bool allowed) = 0;
    // The oldest that has not been taken.
    virtual std::optional<Fault> take_fault() = 0;
    virtual ActivationMemory& activations() = 0;
    virtual Bytes committed_peak() const = 0;
};

std::unique_ptr<Backing> make_plain_backing(const BackingPlan& plan);
std::unique_ptr<Backing> make_guarded_backing(const BackingPlan& plan);

}  // namespace swaplab
