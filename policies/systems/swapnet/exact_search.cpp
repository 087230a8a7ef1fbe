#include "policies/systems/swapnet/exact_search.h"

#include <algorithm>

namespace swaplab {

ExactSearch::ExactSearch(const SwapnetProblem& problem, const PrefixBounds& bounds)
    : problem_(problem),
      costs_(problem.costs),
      bounds_(bounds),
      going_(index(problem.rows(), 0)),
      least_out_(problem.finest() + 1),
      most_out_(problem.finest() + 1) {}

SwapnetValue ExactSearch::find(SwapnetValue most) {
    find_outs();
    left_.ends.assign(problem_.finest(), SwapnetWindows::Window::none());
    left_.starts = left_.ends;
    take_last_blocks(most);
    for (std::uint32_t row = problem_.last_row(); row < problem_.rows(); ++row)
        for (Cut j = problem_.finest(); --j > 0;)
            if (!going(row, j).empty()) solve_cut(row, j, most);
    const SwapnetWindows::Window first = bounds_.ends(0);
    for (Cut j = first.first; j <= first.last; ++j) {
        const SwapnetValue cost = first_block(j);
        best_ = std::min(best_, cost);
        if (cost > most) continue;
        left_.ends[0].take(j);
        if (j < problem_.finest()) left_.starts[j].take(0);
    }
    if (best_ > most) best_ = kNever;
    return best_;
}

void ExactSearch::find_outs() {
    for (Cut j = 1; j < problem_.finest(); ++j) {
        const Cut first = bounds_.earliest_before(j);
        if (first == j) continue;
        least_out_[j] = problem_.ns(costs_.out(j - 1, j));
        most_out_[j] = problem_.ns(costs_.out(first, j));
    }
}

void ExactSearch::take_last_blocks(SwapnetValue most) {
    const Cut n = problem_.finest();
    const std::uint32_t row = problem_.last_row();
    for (Cut i = n; i-- > 1;) {
        const PrefixBounds::Spent spent = bounds_.spent(row, i, n);
        if (spent.least >= kNever) continue;
        const SwapnetValue out = 1 + problem_.ns(costs_.out(i, n));
        const SwapnetValue execute = problem_.ns(costs_.execute(i, n));
        if (out + std::max(spent.least + execute, spent.with_out) <= most)
            keep(row, i, {n, problem_.ns(costs_.in(i, n)), out + execute, out});
    }
}

void ExactSearch::take_next(const std::vector<Going>& next, Cut j) {
    held_.clear();
    active_.clear();
    for (const Going& block : next) {
        held_.push_back(costs_.held(j, block.end));
        active_.push_back(costs_.active(j, block.end));
    }
    from_.assign(next.size() + 1, {});
    for (std::size_t e = next.size(); e-- > 0;) {
        from_[e].flat = std::min(from_[e + 1].flat, next[e].flat);
        from_[e].sloped = std::min(from_[e + 1].sloped, next[e].sloped);
        from_[e].in_flat = std::min(from_[e + 1].in_flat, next[e].in + next[e].flat);
        from_[e].in_sloped = std::min(from_[e + 1].in_sloped, next[e].in + next[e].sloped);
    }
}

SwapnetValue ExactSearch::bound(const AtHand& block, SwapnetValue out) const {
    const Bound& from = from_[block.fitting];
    return 1 + std::max(block.execute + std::max(from.flat, from.sloped + block.out),
                        out + std::max(from.in_flat, from.in_sloped + block.out));
}

void ExactSearch::solve_cut(std::uint32_t row, Cut j, SwapnetValue most) {
    const std::vector<Going>& next = going(row, j);
    const std::uint32_t row_before = problem_.before(row);
    if (row_before >= problem_.rows()) return;
    take_next(next, j);
    const Cut first = std::max(1U, bounds_.first_start(j));
    if (first >= j || !bounds_.pairs().has(j)) return;
    const PairCosts::Before of_before = bounds_.pairs().before(j, first);
    std::size_t unfit = 0;
    for (Cut i = j; i-- > first;) {
        const std::size_t at = i - first;
        while (unfit < next.size() && costs_.pair(of_before.held[at], of_before.active[at],
                                                  held_[unfit], active_[unfit]) > problem_.budget)
            ++unfit;
        if (unfit == next.size()) break;
        const PrefixBounds::Spent spent = bounds_.spent(row_before, i, j);
        if (spent.least >= kNever) continue;
        const AtHand block{i, j, problem_.ns(of_before.execute[at]),
                           problem_.ns(of_before.out[at]), unfit};
        if (spent.least + bound(block, least_out_[i]) > most ||
            spent.with_out + bound(block, most_out_[i]) - most_out_[i] > most)
            continue;
        const Least high = least(next, block, most_out_[i]);
        if (spent.with_out + high.value - most_out_[i] > most) continue;
        const Least low = least(next, block, least_out_[i]);
        if (spent.least + low.value > most) continue;
        keep(row_before, block, next, low, least_out_[i], high, most_out_[i]);
    }
}

// What is left to spend from the block on, and the next block with which that is so.
ExactSearch::Least ExactSearch::least(const std::vector<Going>& next, const AtHand& block,
                                      SwapnetValue out) const {
    Least least;
    for (std::size_t e = block.fitting; e < next.size(); ++e) {
        const SwapnetValue value =
            1 + std::max(block.execute, out + next[e].in) + next[e].at(block.out);
        if (value < least.value) least = {value, &next[e]};
    }
    return least;
}

// What is left rises by no more than t_out does. So if one next block is the best with the least
// and with the greatest t_out, it is for all between; else they are looked at by halves.
void ExactSearch::keep(std::uint32_t row, const AtHand& block, const std::vector<Going>& next,
                       Least low, SwapnetValue low_out, Least high, SwapnetValue high_out) {
    for (const Going* const best : {low.next, high.next}) {
        const SwapnetValue left = 1 + best->at(block.out);
        const Going with{block.j, problem_.ns(costs_.in(block.i, block.j)), left + block.execute,
                         left + best->in};
        if (with.at(low_out) == low.value && with.at(high_out) == high.value)
            return keep(row, block.i, with);
    }
    // Between two neighbouring values of t_out there is nothing.
    const SwapnetValue middle_out =
        problem_.ns(((low_out >> problem_.shift()) + (high_out >> problem_.shift())) / 2);
    const Least middle = least(next, block, middle_out);
    keep(row, block, next, low, low_out, middle, middle_out);
    const SwapnetValue above_out = middle_out + problem_.ns(1);
    keep(row, block, next, least(next, block, above_out), above_out, high, high_out);
}

// What is left is told by what it is with the least and with the greatest t_out.
void ExactSearch::keep(std::uint32_t row, Cut i, Going block) {
    const SwapnetValue flat = block.at(least_out_[i]);
    block.sloped = block.at(most_out_[i]) - most_out_[i];
    block.flat = flat;
    left_.ends[i].take(block.end);
    if (block.end < problem_.finest()) left_.starts[block.end].take(i);
    std::vector<Going>& kept = going(row, i);
    std::erase_if(kept, [&](Going& longer) { return stands_for(i, block, longer); });
    kept.push_back(block);
}

// Whether the longer of two blocks that begin at i is never needed: wherever it fits, what it takes
// is no less. Executions of blocks that may be before it are no longer than that of the longest.
bool ExactSearch::stands_for(Cut i, const Going& shorter, Going& longer) const {
    if (shorter.flat <= longer.flat && shorter.sloped <= longer.sloped) return true;
    if (shorter.in + shorter.flat > longer.in + longer.flat ||
        shorter.in + shorter.sloped > longer.in + longer.sloped)
        return false;
    if (longer.longest_before < 0)
        longer.longest_before = problem_.ns(bounds_.longest_before(i, longer.end));
    const SwapnetValue term = std::max(shorter.in, std::min(longer.longest_before, longer.in));
    return term + shorter.flat <= longer.in + longer.flat &&
           term + shorter.sloped <= longer.in + longer.sloped;
}

// Of any block, whether it was kept or not: exact where it lies on a partition that costs the
// least.
SwapnetValue ExactSearch::to_go(std::uint32_t row, Cut i, Cut j, std::int64_t out) {
    const SwapnetValue execute = problem_.ns(costs_.execute(i, j));
    const SwapnetValue own_out = problem_.ns(costs_.out(i, j));
    if (j == problem_.finest())
        return problem_.may_end(row) ? 1 + std::max(execute, problem_.ns(out)) + own_out : kNever;
    if (!problem_.may_go_on(row)) return kNever;
    const std::vector<Going>& next = going(problem_.after(row), j);
    std::size_t unfit = 0;
    while (unfit < next.size() && costs_.pair(i, j, next[unfit].end) > problem_.budget) ++unfit;
    return least(next, {i, j, execute, own_out, unfit}, problem_.ns(out)).value;
}

// The cost of everything if the first block ends at j.
SwapnetValue ExactSearch::first_block(Cut j) {
    const SwapnetValue left = to_go(problem_.first_row(), 0, j, 0);
    return left >= kNever ? kNever : problem_.ns(costs_.in(0, j)) + left;
}

std::vector<std::uint32_t> ExactSearch::earliest_cuts() {
    std::vector<Cut> borders{0};
    SwapnetValue goal = best_;  // of the block that begins at the last border and all behind it
    std::uint32_t row = problem_.first_row();
    ways_ = 1;
    std::int64_t out = 0;  // t_out of the block before the last
    for (Cut i = 0, j = 0; j < problem_.finest();) {
        // The next block, [j, k), after [i, j); the first one where these are empty.
        std::vector<Cut> ends;
        SwapnetValue left = kNever;
        const std::int64_t execute = j == 0 ? 0 : costs_.execute(i, j);
        const std::int64_t own_out = j == 0 ? 0 : costs_.out(i, j);
        for (Cut k = bounds_.ends(j).first; k <= bounds_.ends(j).last; ++k) {
            if (j > 0 && costs_.pair(i, j, k) > problem_.budget) break;
            const SwapnetValue behind = to_go(row, j, k, own_out);
            const SwapnetValue term =
                j == 0 ? problem_.ns(costs_.in(0, k))
                       : 1 + problem_.ns(std::max(execute, out + costs_.in(j, k)));
            if (behind >= kNever || term + behind != goal) continue;
            if (ends.empty()) left = behind;
            ends.push_back(k);
        }
        if (ends.size() > 1) ways_ = 2;
        out = own_out;
        i = j;
        j = ends.front();
        goal = left;
        row = problem_.after(row);
        borders.push_back(j);
    }
    return borders;
}

}  // namespace swaplab
