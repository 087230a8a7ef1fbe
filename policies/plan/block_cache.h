// Memory as a cache of blocks: which are there, and which go when another needs their place.
#pragma once

#include <cstdint>
#include <vector>

#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

// What is known of a block that may be released.
struct CachedBlock {
    std::uint64_t used_at = 0;      // the number of the execution that used it last
    std::uint32_t next_use_in = 0;  // executions of its job from now, if the job goes on
};

// Whether `a` is to be released before `b`.
using ReleasedBefore = bool (*)(const CachedBlock& a, const CachedBlock& b);

// Of one job, whose blocks are used in order, again and again.
class BlockCache {
  public:
    BlockCache(Bytes capacity, std::uint32_t blocks, ReleasedBefore before)
        : free_(capacity), blocks_(blocks), before_(before) {}

    bool has(BlockId block) const;
    // Takes in a block that is not there, of which `copies` are held while it comes in; returns those
    // that are released for it, in that order. Aborts where it does not fit at all.
    std::vector<BlockId> bring(BlockId block, Bytes held, std::uint32_t copies);
    void use(BlockId block);
    void release(BlockId block);
    // All that are there, in the order in which they came.
    std::vector<BlockId> all() const;

  private:
    struct Resident {
        BlockId block;
        Bytes held;
        std::uint64_t used_at = 0;
    };
    CachedBlock seen_from(BlockId next, const Resident& resident) const;

    Bytes free_;
    std::uint32_t blocks_;
    ReleasedBefore before_;
    std::vector<Resident> resident_;
    std::uint64_t uses_ = 0;
};

}  // namespace swaplab
