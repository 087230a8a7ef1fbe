// Tables over all blocks [i, j) of a model, by cuts: what SwapNet's partition is decided from.
//
// The partition goes by them growing with the block. Where layers share parameters or gather rows a
// block may cost less than a part of it (a table that comes in whole beside its rows, one extent
// instead of two); then the largest part stands for it, which plans for too much rather than for
// too little (ours).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "policies/systems/swapnet/partition.h"

namespace swaplab {

class SwapnetCosts {
  public:
    SwapnetCosts(const PartitionRequest& request, SwapPath path);

    // How many finest blocks the model has: cuts are numbered by them.
    std::uint32_t finest() const { return finest_; }

    // Rounded ns of the block [i, j), i < j. `in` grows with j, `out` as i falls.
    std::int64_t in(std::uint32_t i, std::uint32_t j) const { return in_[index(i, j)]; }
    std::int64_t execute(std::uint32_t i, std::uint32_t j) const { return execute_[index(i, j)]; }
    std::int64_t out(std::uint32_t i, std::uint32_t j) const { return out_[index(i, j)]; }

    // Bytes that a block needs when it comes first, alone, and beside its next one [j, k). All grow
    // with each block.
    std::int64_t first(std::uint32_t i, std::uint32_t j) const {
        return copies_ * held_[index(i, j)];
    }
    std::int64_t alone(std::uint32_t i, std::uint32_t j) const {
        return std::max(first(i, j), held_[index(i, j)] + active_[index(i, j)]);
    }
    std::int64_t pair(std::uint32_t i, std::uint32_t j, std::uint32_t k) const {
        const std::size_t a = index(i, j);
        const std::size_t b = index(j, k);
        return std::max(held_[a] + copies_ * held_[b] + active_[a],
                        held_[a] + held_[b] + active_[b]);
    }
    std::int64_t active(std::uint32_t i, std::uint32_t j) const { return active_[index(i, j)]; }
    Block block(std::uint32_t i, std::uint32_t j) const;
    // Of everything above: equal costs have equal digests.
    std::string digest() const;

  private:
    std::size_t index(std::uint32_t i, std::uint32_t j) const {
        return std::size_t{i} * (finest_ + 1) + j;
    }
    void make_monotone();
    void fill_row(const PartitionRequest& request, SwapPath path, std::uint32_t i);

    const Model* model_;
    std::uint32_t finest_;
    std::int64_t copies_;
    // By index(i, j): rows over j lie together, as the planner's inner loops go.
    std::vector<std::int64_t> in_, execute_, out_, held_, active_;
};

}  // namespace swaplab
