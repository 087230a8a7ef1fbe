#include "policies/systems/swapnet/least_peak.h"

#include <algorithm>
#include <limits>

namespace swaplab {

namespace {

// Whether a partition fits is decided from the end: behind a cut the block that may be shortest
// serves every block before it, since a pair needs no less when its second block grows. So one end
// is enough for each cut and number of blocks to go.
class Fitting {
  public:
    Fitting(const SwapnetCosts& costs, std::optional<std::uint32_t> blocks)
        : costs_(costs), n_(costs.finest()), blocks_(blocks), shortest_(n_ + 1), after_(n_ + 1) {}

    bool fits(std::int64_t budget) {
        budget_ = budget;
        std::ranges::fill(after_, kNone);
        for (std::uint32_t row = blocks_ ? 1 : 0; row <= blocks_.value_or(0); ++row) {
            find_shortest(row);
            if (row < blocks_.value_or(0)) after_.swap(shortest_);
        }
        if (shortest_[0] == kNone) return false;
        if (shortest_[0] < n_) return costs_.first(0, shortest_[0]) <= budget;
        return costs_.alone(0, n_) <= budget;
    }

  private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    // Of the blocks from each cut on, the end of the shortest behind which the rest fits.
    void find_shortest(std::uint32_t row) {
        const std::vector<std::uint32_t>& after = blocks_ ? after_ : shortest_;
        for (std::uint32_t i = n_; i-- > 0;) {
            std::uint32_t end = kNone;
            if (row <= 1 && (i > 0 || costs_.alone(0, n_) <= budget_)) end = n_;
            for (std::uint32_t j = i + 1; j < n_ && row != 1; ++j) {
                if (after[j] == kNone) continue;
                if (costs_.held(i, j) > budget_) break;
                if (costs_.pair(i, j, after[j]) > budget_) continue;
                end = j;
                break;
            }
            shortest_[i] = end;
        }
    }

    const SwapnetCosts& costs_;
    std::uint32_t n_;
    std::optional<std::uint32_t> blocks_;
    std::int64_t budget_ = 0;
    std::vector<std::uint32_t> shortest_, after_;  // by cut; with a block less to go
};

// What the finest blocks need, one after the other: mostly the least.
std::int64_t peak_of_finest(const SwapnetCosts& costs) {
    std::int64_t peak = costs.finest() == 1 ? costs.alone(0, 1) : costs.first(0, 1);
    for (std::uint32_t i = 0; i + 2 <= costs.finest(); ++i)
        peak = std::max(peak, costs.pair(i, i + 1, i + 2));
    return peak;
}

}  // namespace

std::int64_t least_peak(const SwapnetCosts& costs, std::optional<std::uint32_t> blocks) {
    Fitting fitting(costs, blocks);
    std::int64_t fits = costs.alone(0, costs.finest());
    if (!blocks || *blocks == costs.finest()) fits = std::min(fits, peak_of_finest(costs));
    if (blocks && *blocks > 1) {
        // Any pair of all blocks needs no more than all parameters twice, with what is active.
        fits = costs.pair(costs.held(0, costs.finest()), costs.active(0, costs.finest()),
                          costs.held(0, costs.finest()), costs.active(0, costs.finest()));
    }
    if (!fitting.fits(fits - 1)) return fits;
    std::int64_t fails = -1;
    while (fits - fails > 1) {
        const std::int64_t middle = fails + (fits - fails) / 2;
        (fitting.fits(middle) ? fits : fails) = middle;
    }
    return fits;
}

}  // namespace swaplab
