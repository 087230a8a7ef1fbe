// What SwapNet's partition is decided from, of any block [i, j) of a model, by cuts.
//
// Where every block brings its own layers' parameters, whole, costs are worked out from sums when
// they are asked for: memory is linear in the finest blocks. Else they are looked up in tables over
// all blocks, which are quadratic.
//
// The partition goes by them growing with the block. Where layers share parameters or gather rows a
// block may cost less than a part of it (a table that comes in whole beside its rows, one extent
// instead of two); then the largest part stands for it, which plans for too much rather than for
// too little (ours).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policies/plan/kept_set.h"
#include "policies/plan/planner.h"
#include "policies/systems/swapnet/block_prices.h"
#include "policies/systems/swapnet/rounded_sums.h"

namespace swaplab {

// Not for several threads at once.
class SwapnetCosts {
  public:
    SwapnetCosts(const PartitionRequest& request, SwapPath path);
    // Beside kept blocks: of the finest blocks that are not kept, at least one. A block does not
    // reach across a kept one; what is kept executes with the block before it.
    SwapnetCosts(const PartitionRequest& request, SwapPath path, const KeptSet& kept);
    // The same with fewer cuts: neighbouring finest blocks are one as long as they hold and need
    // at most `bytes` together.
    SwapnetCosts merged(std::int64_t bytes) const;

    // How many finest blocks there are to cut: cuts are numbered by them.
    std::uint32_t finest() const { return finest_; }

    // Rounded ns of the block [i, j), i < j. `in` grows with j, `out` as i falls.
    std::int64_t in(std::uint32_t i, std::uint32_t j) const {
        return tables_.empty() ? prices_.in(i, j) : tables_[index(i, j)].in;
    }
    std::int64_t out(std::uint32_t i, std::uint32_t j) const {
        return tables_.empty() ? prices_.out(i, j) : tables_[index(i, j)].out;
    }
    std::int64_t execute(std::uint32_t i, std::uint32_t j) const {
        if (!tables_.empty()) return tables_[index(i, j)].execute;
        return (*execute_)(units_before_[i], units_before_[j]);
    }
    // One copy of its parameters, and what it needs besides.
    std::int64_t held(std::uint32_t i, std::uint32_t j) const {
        return tables_.empty() ? prices_.held(i, j) : tables_[index(i, j)].held;
    }
    std::int64_t active(std::uint32_t i, std::uint32_t j) const;

    // Bytes that a block needs when it comes first, alone, and beside its next one [j, k). All grow
    // with each block.
    std::int64_t first(std::uint32_t i, std::uint32_t j) const { return copies_ * held(i, j); }
    std::int64_t alone(std::uint32_t i, std::uint32_t j) const {
        return std::max(first(i, j), held(i, j) + active(i, j));
    }
    std::int64_t pair(std::uint32_t i, std::uint32_t j, std::uint32_t k) const {
        return pair(held(i, j), active(i, j), held(j, k), active(j, k));
    }
    // The same of what is held by both and active in them.
    std::int64_t pair(std::int64_t held, std::int64_t active, std::int64_t next_held,
                      std::int64_t next_active) const {
        return std::max(held + copies_ * next_held + active, held + next_held + next_active);
    }
    std::int64_t copies() const { return copies_; }
    Block block(std::uint32_t i, std::uint32_t j) const;

    // The same of many blocks, which costs much less for each.
    struct Columns {
        std::vector<std::int64_t> in, execute, out, held, active;
    };
    // All [i, j) with i in [first, last): all but `in`.
    void blocks_before(std::uint32_t j, std::uint32_t first, std::uint32_t last,
                       Columns& columns) const;
    // All [i, j) with j in [first, last]: `in`, `held` and `active`.
    void blocks_behind(std::uint32_t i, std::uint32_t first, std::uint32_t last,
                       Columns& columns) const;

    // What divides all bytes above.
    std::int64_t granularity() const;

    // Of everything above: equal costs have equal digests.
    std::string digest() const;

  private:
    struct OfBlock {
        std::int64_t in = 0, execute = 0, out = 0, held = 0;
    };

    SwapnetCosts(const SwapnetCosts& finer, const std::vector<std::uint32_t>& cuts);
    std::size_t index(std::uint32_t i, std::uint32_t j) const { return rows_[i] + (j - i - 1); }
    void fill_tables(const PartitionRequest& request, SwapPath path);
    void fill_row(const PartitionRequest& request, SwapPath path, std::uint32_t i);
    void take_streamed(const PartitionRequest& request, SwapPath path, const KeptSet& kept);
    void fill_row_beside(const PartitionRequest& request, SwapPath path, std::uint32_t i);
    void make_monotone();
    void make_rows();
    void find_active(std::vector<std::int64_t> of_finest);

    const Model* model_;
    std::uint32_t finest_;
    std::int64_t copies_;
    std::vector<std::uint32_t> units_before_;  // by cut
    // Beside kept blocks, by finest block; else empty.
    struct Streamed {
        UnitRange units;
        std::int64_t executes_behind = 0;  // ns of the kept ones that follow
        std::vector<bool> there;           // layers that stay from before it
    };
    std::vector<Streamed> streamed_;
    BlockPrices prices_;
    std::shared_ptr<const RoundedSums> execute_;
    std::vector<std::size_t> rows_;  // of the tables, by first cut
    std::vector<OfBlock> tables_;    // empty: by prices and sums
    // By power of two p and cut c: the most that the 2^p finest blocks from c on need.
    std::vector<std::vector<std::int64_t>> active_;
};

}  // namespace swaplab
