// Lower bounds of what is spent before a block executes, for every block that may follow another
// within the budget: the first pass of the exact partition, in O(1) for each block.
//
// Of all blocks before it, a block [i, j) is told two things: the least that was spent, and the
// least with t_out of the block before added, which its next block waits for. What a block h spends
// with a next one that comes in in x is max(P, Q + x), P being the first with its execution and Q
// the second; so both are least by minima over a range of starts i of the block before, whose ends
// move one way as k falls. Where one block has the least of the one and another that of the other
// the bound is below what any spends; mostly it is exact.
#pragma once

#include <vector>

#include "policies/systems/swapnet/pair_costs.h"
#include "policies/systems/swapnet/value.h"

namespace swaplab {

// Which blocks are looked at: by the cut at which they begin, and by that at which they end.
struct SwapnetWindows {
    struct Window {
        std::uint32_t first = 0, last = 0;  // both among them; none where last < first
        void take(std::uint32_t cut) {
            first = first < cut ? first : cut;
            last = last > cut ? last : cut;
        }
        static Window none() { return {~0U, 0}; }
    };
    std::vector<Window> ends;    // of blocks that begin at a cut
    std::vector<Window> starts;  // of blocks that end at a cut
};

class PrefixBounds {
  public:
    struct Spent {
        SwapnetValue least = kNever;
        SwapnetValue with_out = kNever;
    };

    // For one problem after the other. Of blocks outside `within` nothing is known; with it, costs
    // are those of a problem before, whose budget was no less.
    void find(const SwapnetProblem& problem, const SwapnetWindows* within = nullptr);

    // Before block [i, j), its swap-in included.
    Spent spent(std::uint32_t row, std::uint32_t i, std::uint32_t j) const {
        return i < first_start_[j] ? Spent{} : spent_[room_ * row + offset_[j] + i];
    }
    const SwapnetWindows::Window& ends(std::uint32_t i) const { return ends_[i]; }
    // The earliest start of a block that ends at j of which anything is known.
    std::uint32_t first_start(std::uint32_t j) const { return first_start_[j]; }
    // The earliest start of a block before cut j, with the shortest block behind it; j itself if
    // none fits.
    std::uint32_t earliest_before(std::uint32_t j) const { return earliest_before_[j]; }
    // What blocks cost around cut j, if another may be between those.
    const PairCosts& pairs() const { return pairs_; }
    // The longest execution of a block that fits before block [i, j).
    std::int64_t longest_before(std::uint32_t i, std::uint32_t j) const;
    // The least that any partition may cost; `kNever` if none is feasible.
    SwapnetValue least() const;

  private:
    SwapnetValue with_last(std::uint32_t i) const;
    void find_windows(const SwapnetWindows* within);
    std::uint32_t last_end(std::uint32_t i, std::uint32_t near) const;
    std::uint32_t earliest_before(std::uint32_t j, std::uint32_t k, std::uint32_t near) const;
    void take_costs();
    // The blocks that end at a cut: what is spent with them, by start.
    bool take_blocks_before(std::uint32_t row, std::uint32_t j);
    void spend_at(std::uint32_t row, std::uint32_t j);

    const SwapnetProblem* problem_ = nullptr;
    std::vector<SwapnetWindows::Window> ends_;
    std::vector<std::uint32_t> earliest_before_;
    mutable std::uint32_t near_before_ = 0;  // how many finest blocks fitted when last asked
    // By end, of blocks that another may follow, and of last blocks: the earliest start.
    std::vector<std::uint32_t> first_start_;
    std::size_t room_ = 0;
    std::vector<std::size_t> offset_;  // by end, where start 0 would be
    std::vector<Spent> spent_;         // by row, end and start
    // Of blocks that end at the cut at hand, by start from `first_` on.
    struct Before {
        SwapnetValue executed = kNever;  // P
        SwapnetValue with_out = kNever;  // Q
        SwapnetValue out = 0;            // t_out of the block
    };
    std::uint32_t first_ = 0;
    std::vector<Before> before_;
    PairCosts pairs_;
    // Minima over all starts from one on.
    struct Minima {
        SwapnetValue executed = kNever, with_out = kNever;          // of P and Q
        SwapnetValue executed_out = kNever, with_out_out = kNever;  // with the block's own t_out
        void take(const Before& block);
    };
    std::vector<Minima> from_;
};

}  // namespace swaplab
