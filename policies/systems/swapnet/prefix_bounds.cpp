#include "policies/systems/swapnet/prefix_bounds.h"

#include <algorithm>

namespace swaplab {

namespace {

// The greatest number up to `most` that fits, where those that fit come first and `least` does: one
// that is `near` is found at once.
template <class Fits>
std::uint32_t last_that_fits(std::uint32_t least, std::uint32_t most, std::uint32_t near,
                             Fits fits) {
    std::uint32_t good = least, bad = most + 1;
    const std::uint32_t guess = std::clamp(near, least, most);
    const bool low = guess == least || fits(guess);
    (low ? good : bad) = guess;
    for (std::uint32_t step = 1; low && step < bad - good; step *= 2) {
        if (fits(good + step))
            good += step;
        else
            bad = good + step;
    }
    for (std::uint32_t step = 1; !low && step < bad - good; step *= 2) {
        if (fits(bad - step))
            good = bad - step;
        else
            bad -= step;
    }
    while (bad - good > 1) {
        const std::uint32_t middle = good + (bad - good) / 2;
        (fits(middle) ? good : bad) = middle;
    }
    return good;
}

}  // namespace

void PrefixBounds::Minima::take(const Before& block) {
    executed = std::min(executed, block.executed);
    with_out = std::min(with_out, block.with_out);
    executed_out = std::min(executed_out, block.executed + block.out);
    with_out_out = std::min(with_out_out, block.with_out + block.out);
}

void PrefixBounds::find(const SwapnetProblem& problem, const SwapnetWindows* within) {
    problem_ = &problem;
    find_windows(within);
    if (within == nullptr) take_costs();
    const std::uint32_t top = problem.first_row();
    const SwapnetWindows::Window first = ends_[0];
    for (std::uint32_t j = first.first; j <= first.last; ++j) {
        const SwapnetValue in = problem.ns(problem.costs.in(0, j));
        if (first_start_[j] == 0) spent_[room_ * top + offset_[j]] = {in, in};
    }
    for (std::uint32_t row = top + 1; row-- > 0 && problem.may_go_on(row);)
        for (std::uint32_t j = 1; j < problem.finest(); ++j) spend_at(row, j);
}

// What a pair needs grows with both blocks, so the shortest block before allows most.
void PrefixBounds::find_windows(const SwapnetWindows* within) {
    const SwapnetProblem& problem = *problem_;
    const std::uint32_t n = problem.finest();
    ends_.assign(n, {});
    offset_.assign(n + 1, 0);
    earliest_before_.assign(n, 0);
    first_start_.assign(n + 1, n);
    room_ = 0;
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
        last = last_end(i, within != nullptr ? within->ends[i].last : last + 1);
        ends_[i] = {i + 1, last};
        if (within != nullptr)
            ends_[i] = {within->ends[i].first, std::min(last, within->ends[i].last)};
        if (ends_[i].last == n) first_start_[n] = std::min(first_start_[n], i);
    }
    for (std::uint32_t j = 1; j <= n; ++j) {
        if (j < n) {
            earliest_before_[j] = earliest_before(j, j + 1, j - earliest_before_[j - 1]);
            first_start_[j] = earliest_before_[j];
            if (within != nullptr)
                first_start_[j] = std::max(first_start_[j], within->starts[j].first);
        }
        offset_[j] = room_ - first_start_[j];  // wraps, and back where a start is added
        if (first_start_[j] < j) room_ += j - first_start_[j];
    }
    spent_.assign(room_ * problem.rows(), {});
}

void PrefixBounds::take_costs() {
    pairs_.begin(problem_->finest());
    for (std::uint32_t j = 1; j < problem_->finest(); ++j)
        if (ends_[j].last >= ends_[j].first && first_start_[j] < j)
            pairs_.take(problem_->costs, j, first_start_[j], {ends_[j].first, ends_[j].last});
}

// Of blocks that begin at i, behind the shortest one that may be; i itself if none fits.
std::uint32_t PrefixBounds::last_end(std::uint32_t i, std::uint32_t near) const {
    const SwapnetProblem& problem = *problem_;
    return last_that_fits(i, problem.finest(), near, [&](std::uint32_t j) {
        return (i == 0 ? problem.own_peak(j) : problem.costs.pair(i - 1, i, j)) <= problem.budget;
    });
}

std::uint32_t PrefixBounds::earliest_before(std::uint32_t j, std::uint32_t k,
                                            std::uint32_t near) const {
    return j - last_that_fits(0, j, near, [&](std::uint32_t units) {
               return problem_->costs.pair(j - units, j, k) <= problem_->budget;
           });
}

std::int64_t PrefixBounds::longest_before(std::uint32_t i, std::uint32_t j) const {
    const std::uint32_t first = earliest_before(i, j, near_before_);
    near_before_ = i - first;
    return first == i ? 0 : problem_->costs.execute(first, i);
}

// Whether there are any.
bool PrefixBounds::take_blocks_before(std::uint32_t row, std::uint32_t j) {
    first_ = first_start_[j];
    if (first_ >= j) return false;
    const PairCosts::Before costs = pairs_.before(j, first_);
    before_.resize(j - first_);
    from_.resize(j - first_ + 1);
    from_.back() = {};
    const Spent* const so_far = &spent_[room_ * row + offset_[j] + first_];
    const int shift = problem_->shift();
    Minima from;
    for (std::size_t i = before_.size(); i-- > 0;) {
        before_[i] = {};
        if (so_far[i].least < kNever) {
            before_[i] = {so_far[i].least + (costs.execute[i] << shift), so_far[i].with_out,
                          costs.out[i] << shift};
            from.take(before_[i]);
        }
        from_[i] = from;
    }
    return from_.front().executed < kNever;
}

// As k falls, blocks before may start earlier, and as t_in falls, more of them hide it: those are
// taken one by one, and what is left over are all starts from some on.
void PrefixBounds::spend_at(std::uint32_t row, std::uint32_t j) {
    const SwapnetProblem& problem = *problem_;
    const SwapnetWindows::Window window = ends_[j];
    if (window.last < window.first || !take_blocks_before(row, j)) return;
    const PairCosts::Before of_before = pairs_.before(j, first_);
    const PairCosts::Behind of_behind = pairs_.behind(j, window.first);
    const std::size_t of_row = room_ * problem.after(row) + j;
    const std::size_t count = before_.size();
    Minima hidden;
    const std::int64_t budget = problem.budget, copies = problem.costs.copies();
    const int shift = problem.shift();
    std::size_t low = count;  // the earliest start that fits
    std::size_t hides = 0;    // starts before this one hide t_in
    for (std::size_t k = window.last - window.first + 1; k-- > 0;) {
        const SwapnetValue in = of_behind.in[k] << shift;
        // `SwapnetCosts::pair` of the two, with what is the same for all starts on one side.
        const std::int64_t most_first = budget - copies * of_behind.held[k];
        const std::int64_t most_held = budget - of_behind.held[k] - of_behind.active[k];
        while (low > 0 && of_before.held[low - 1] <= most_held &&
               of_before.held[low - 1] + of_before.active[low - 1] <= most_first) {
            --low;
            if (low < hides) hidden.take(before_[low]);
        }
        while (hides < count && (before_[hides].executed >= kNever ||
                                 before_[hides].with_out + in < before_[hides].executed)) {
            if (hides >= low) hidden.take(before_[hides]);
            ++hides;
        }
        const Minima& shown = from_[std::max(low, hides)];
        const SwapnetValue least =
            std::min(hidden.executed, std::max(shown.executed, shown.with_out + in));
        const SwapnetValue with_out =
            std::min(hidden.executed_out, std::max(shown.executed_out, shown.with_out_out + in));
        const std::size_t end = window.first + k;
        if (least < kNever && j >= first_start_[end])
            spent_[of_row + offset_[end]] = {1 + least, 1 + with_out};
    }
}

// What a partition costs at the least whose last block begins at i.
SwapnetValue PrefixBounds::with_last(std::uint32_t i) const {
    const SwapnetProblem& problem = *problem_;
    const std::uint32_t n = problem.finest();
    const Spent so_far = spent(problem.last_row(), i, n);
    if (so_far.least >= kNever) return kNever;
    return 1 + problem.ns(problem.costs.out(i, n)) +
           std::max(so_far.least + problem.ns(problem.costs.execute(i, n)), so_far.with_out);
}

SwapnetValue PrefixBounds::least() const {
    SwapnetValue least = kNever;
    for (std::uint32_t i = 0; i < problem_->finest(); ++i) least = std::min(least, with_last(i));
    return least;
}

}  // namespace swaplab
