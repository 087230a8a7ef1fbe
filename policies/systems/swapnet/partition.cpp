// The exact partition in two passes over pairs (start, end) of blocks: bounds of what was spent
// before each (`PrefixBounds`), then what is left to spend from those that they leave over
// (`ExactSearch`). Smaller peak and earliest cuts are settled on the paths that reach the optimum.
#include "policies/systems/swapnet/partition.h"

#include <algorithm>

#include "policies/plan/partition_planner.h"
#include "policies/systems/swapnet/exact_search.h"
#include "policies/systems/swapnet/least_peak.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The neighbouring blocks that need the least peak, cut as finely as can be; where a given number
// of blocks forces more than those, the whole model.
SwapnetMinimum forced_by(const SwapnetCosts& costs, std::int64_t peak) {
    const std::uint32_t n = costs.finest();
    for (std::uint32_t i = 0; i + 2 <= n; ++i)
        if (costs.pair(i, i + 1, i + 2) >= peak)
            return {{peak}, costs.block(i, i + 2), true, {costs.active(i, i + 2)}};
    return {{peak}, costs.block(0, n), false, {costs.active(0, n)}};
}

// Values are packed into 64 bits: all finest blocks one after the other must leave room for the
// shift.
void check_range(const SwapnetCosts& costs) {
    const std::int64_t most = (kNever >> std::bit_width(costs.finest() + 1)) / 2;
    std::int64_t total = 0;
    for (std::uint32_t i = 0; i < costs.finest(); ++i) {
        total += costs.in(i, i + 1) + costs.execute(i, i + 1) + costs.out(i, i + 1);
        if (total > most)
            throw InputError(
                text("swapnet cannot plan for a model of {} units that takes over {} "
                     "ns unit by unit",
                     costs.finest(), most));
    }
}

}  // namespace

Bytes SwapnetMemory::alone(const BlockFacts& block) const {
    return std::max(first(block), block.held_bytes + counted(block.activations, account_));
}

Bytes SwapnetMemory::pair(const BlockFacts& block, const BlockFacts& next) const {
    return std::max(
        block.held_bytes + copies_ * next.held_bytes + counted(block.activations, account_),
        block.held_bytes + next.held_bytes + counted(next.activations, account_));
}

namespace {

// Of all that cost the least within the budget, the partition with the earliest cuts.
struct Found {
    SwapnetValue cost = kNever;
    std::vector<std::uint32_t> cuts;
    bool the_only_one = false;
};

// The partition for one budget after the other.
constexpr SwapnetValue kFirstStep = 8;
constexpr SwapnetValue kStepsGrow = 8;
constexpr std::int64_t kStridesGrow = 4;

class Partitions {
  public:
    Partitions(const SwapnetCosts& costs, std::optional<std::uint32_t> blocks)
        : costs_(costs), blocks_(blocks) {}

    std::optional<SwapnetPartition> best(std::int64_t budget) {
        Found found = find(budget, kNever);
        if (found.cost >= kNever) return std::nullopt;
        if (!found.the_only_one) settle_peak(found);
        const SwapnetProblem problem{costs_, budget, blocks_};
        SwapnetPartition best;
        best.closed_form = Duration{found.cost >> problem.shift()};
        best.peak = Bytes{peak_of(found.cuts)};
        for (std::size_t b = 0; b + 1 < found.cuts.size(); ++b)
            best.blocks.push_back(costs_.block(found.cuts[b], found.cuts[b + 1]));
        return best;
    }

  private:
    // `most`: what it may cost, if that is known. The bound is mostly what it costs, or little
    // less; the less may be spent above it, the less is looked at.
    Found find(std::int64_t budget, SwapnetValue most) {
        const SwapnetProblem problem{costs_, budget, blocks_};
        bounds_.find(problem, most < kNever ? &left_ : nullptr);
        const SwapnetValue least = bounds_.least();
        if (least >= kNever || least > most) return {};
        for (SwapnetValue above = 0;; above = std::max(kFirstStep, kStepsGrow * above)) {
            ExactSearch search(problem, bounds_);
            Found found;
            found.cost = search.find(std::min(most, least + above));
            if (found.cost >= kNever && least + above < most) continue;
            if (found.cost >= kNever) return found;
            found.cuts = search.earliest_cuts();
            found.the_only_one = search.is_the_only_one();
            left_ = search.left();
            return found;
        }
    }

    // Replaces a partition by the one with the least peak of those that cost as much: the one for
    // the least budget with which that is so. Every peak is a multiple of `step`.
    void settle_peak(Found& found) {
        std::int64_t fits = peak_of(found.cuts);
        const auto try_with = [&](std::int64_t budget) {
            Found tried = find(budget, found.cost);
            if (tried.cost != found.cost) return false;
            found = std::move(tried);
            fits = peak_of(found.cuts);
            return true;
        };
        // Mostly little less will do, and what is found leaves less to look at: strides from above
        // that grow, then halves.
        const std::int64_t step = costs_.granularity();
        std::int64_t fails = least_peak(costs_, blocks_) / step - 1;
        for (std::int64_t stride = 1; fits / step - fails > 1; stride *= kStridesGrow) {
            const std::int64_t lower = std::max(fails + 1, fits / step - stride);
            if (!try_with(lower * step)) {
                fails = lower;
                break;
            }
        }
        while (fits / step - fails > 1)
            if (const std::int64_t middle = fails + (fits / step - fails) / 2;
                !try_with(middle * step))
                fails = middle;
    }

    std::int64_t peak_of(const std::vector<std::uint32_t>& cuts) const {
        const SwapnetProblem problem{costs_, 0, blocks_};
        std::int64_t peak = problem.own_peak(cuts[1]);
        for (std::size_t b = 0; b + 2 < cuts.size(); ++b)
            peak = std::max(peak, costs_.pair(cuts[b], cuts[b + 1], cuts[b + 2]));
        return peak;
    }

    const SwapnetCosts& costs_;
    std::optional<std::uint32_t> blocks_;
    PrefixBounds bounds_;
    SwapnetWindows left_;  // of the last partition that was found
};

}  // namespace

std::optional<SwapnetPartition> partition_swapnet(const SwapnetCosts& costs, Bytes budget,
                                                  std::optional<std::uint32_t> blocks) {
    check_range(costs);
    return Partitions(costs, blocks).best(budget.count);
}

SwapnetMinimum minimum_swapnet(const PartitionRequest& request, SwapPath path,
                               std::optional<std::uint32_t> blocks) {
    const SwapnetCosts costs(request, path);
    return forced_by(costs, least_peak(costs, blocks));
}

}  // namespace swaplab
