// The exact partition, from the end of the model: the second pass, over those blocks alone that may
// lie on a partition no worse than a known one.
//
// What is left to spend from a block [i, j) on depends on t_out of the block before it: it is the
// least over next blocks of max(t_ex, t_out + t_in) and what those leave, a function that rises by
// at most as much as t_out does, and mostly one such maximum alone. Of blocks that begin at a cut
// those are kept of which none that ends earlier, and so fits wherever they fit, is as good for
// every block before; and those alone which, with the lower bound of what was spent before
// (`PrefixBounds`), cost no more than the known partition.
#pragma once

#include <vector>

#include "policies/systems/swapnet/prefix_bounds.h"
#include "policies/systems/swapnet/value.h"

namespace swaplab {

class ExactSearch {
  public:
    ExactSearch(const SwapnetProblem& problem, const PrefixBounds& bounds);

    // The least cost, if it is at most `most`: what a feasible partition costs; else `kNever`.
    SwapnetValue find(SwapnetValue most);
    // Of the partitions that cost the least the one with the earliest cuts, and whether there is no
    // other.
    std::vector<std::uint32_t> earliest_cuts();
    bool is_the_only_one() const { return ways_ == 1; }
    // Where blocks lie that may be part of a partition that costs no more than `most`.
    const SwapnetWindows& left() const { return left_; }

  private:
    using Cut = std::uint32_t;
    // A block that begins at a cut, and what is left to spend from it on when the block before
    // takes t_out: max(flat, sloped + t_out).
    struct Going {
        Cut end;
        SwapnetValue in, flat, sloped;
        SwapnetValue longest_before = -1;  // execution of a block that fits before it, once asked
        SwapnetValue at(SwapnetValue out) const { return std::max(flat, sloped + out); }
    };
    struct Least {
        SwapnetValue value = kNever;
        const Going* next = nullptr;
    };
    // A block whose next ones are looked at.
    struct AtHand {
        Cut i, j;
        SwapnetValue execute, out;
        std::size_t fitting;  // next blocks that fit, from the end of the list on
    };

    std::vector<Going>& going(std::uint32_t row, Cut j) { return going_[index(row, j)]; }
    std::size_t index(std::uint32_t row, Cut j) const {
        return std::size_t{row} * (problem_.finest() + 1) + j;
    }
    void find_outs();
    void take_last_blocks(SwapnetValue most);
    void solve_cut(std::uint32_t row, Cut j, SwapnetValue most);
    // What is left at the least to spend from the block on: a bound for all next blocks that fit.
    struct Bound {
        SwapnetValue flat = kNever, sloped = kNever, in_flat = kNever, in_sloped = kNever;
    };
    SwapnetValue bound(const AtHand& block, SwapnetValue out) const;
    void take_next(const std::vector<Going>& next, Cut j);
    Least least(const std::vector<Going>& next, const AtHand& block, SwapnetValue out) const;
    void keep(std::uint32_t row, const AtHand& block, const std::vector<Going>& next, Least low,
              SwapnetValue low_out, Least high, SwapnetValue high_out);
    void keep(std::uint32_t row, Cut i, Going block);
    bool stands_for(Cut i, const Going& shorter, Going& longer) const;
    SwapnetValue to_go(std::uint32_t row, Cut i, Cut j, std::int64_t out);
    SwapnetValue first_block(Cut j);

    const SwapnetProblem& problem_;
    const SwapnetCosts& costs_;
    const PrefixBounds& bounds_;
    std::vector<std::vector<Going>> going_;  // by row and cut; ends fall
    // By cut: the least and the greatest t_out of a block before it.
    std::vector<SwapnetValue> least_out_, most_out_;
    // Of the next blocks at the cut at hand, and the least of those from each on.
    std::vector<std::int64_t> held_, active_;
    std::vector<Bound> from_;
    SwapnetValue best_ = kNever;
    std::uint64_t ways_ = 0;
    SwapnetWindows left_;
};

}  // namespace swaplab
