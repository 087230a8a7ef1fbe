#include "policies/plan/block_cache.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

bool BlockCache::has(BlockId block) const {
    return std::ranges::find(resident_, block, &Resident::block) != resident_.end();
}

CachedBlock BlockCache::seen_from(BlockId next, const Resident& resident) const {
    return {resident.used_at, (resident.block.index + blocks_ - next.index) % blocks_};
}

std::vector<BlockId> BlockCache::bring(BlockId block, Bytes held, std::uint32_t copies) {
    std::vector<BlockId> released;
    while (free_ < copies * held) {
        SWAPLAB_CHECK(!resident_.empty(), "{} copies of {} bytes do not fit a cache of {}", copies,
                      held.count, free_.count);
        const auto first =
            std::ranges::min_element(resident_, [&](const Resident& a, const Resident& b) {
                return before_(seen_from(block, a), seen_from(block, b));
            });
        released.push_back(first->block);
        free_ += first->held;
        resident_.erase(first);
    }
    free_ -= held;
    resident_.push_back({block, held, 0});
    return released;
}

void BlockCache::use(BlockId block) {
    ++uses_;
    const auto used = std::ranges::find(resident_, block, &Resident::block);
    if (used != resident_.end()) used->used_at = uses_;
}

void BlockCache::release(BlockId block) {
    const auto gone = std::ranges::find(resident_, block, &Resident::block);
    SWAPLAB_CHECK(gone != resident_.end(), "block {} is not in the cache", block.index);
    free_ += gone->held;
    resident_.erase(gone);
}

std::vector<BlockId> BlockCache::all() const {
    std::vector<BlockId> blocks;
    for (const Resident& resident : resident_) blocks.push_back(resident.block);
    return blocks;
}

}  // namespace swaplab
