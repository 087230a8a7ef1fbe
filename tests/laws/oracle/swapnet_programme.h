// SwapNet's partition as it was first written: a plain programme over all states (start of the
// block before, start, end), by tables over all blocks. What the planner finds must be what it
// finds.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_map>
#include <vector>

#include "policies/plan/partition_planner.h"
#include "policies/systems/swapnet/partition.h"

namespace swaplab::oracle {

class ProgrammeCosts {
  public:
    ProgrammeCosts(const PartitionRequest& request, SwapPath path);

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

inline ProgrammeCosts::ProgrammeCosts(const PartitionRequest& request, SwapPath path)
    : model_(&request.cost.model()),
      finest_(static_cast<std::uint32_t>(model_->finest_blocks().size())),
      copies_(peak_copies(path, request.cost.node().compute)),
      in_(std::size_t{finest_} * (finest_ + 1)),
      execute_(in_.size()),
      out_(in_.size()),
      held_(in_.size()),
      active_(in_.size()) {
    for (std::uint32_t i = 0; i < finest_; ++i) fill_row(request, path, i);
    if (!model_->brings_plainly()) make_monotone();
}

inline void ProgrammeCosts::make_monotone() {
    for (std::uint32_t i = finest_; i-- > 0;)
        for (std::uint32_t j = i + 1; j <= finest_; ++j)
            for (std::vector<std::int64_t>* const table : {&in_, &out_, &held_}) {
                std::int64_t& value = (*table)[index(i, j)];
                if (j > i + 1) value = std::max(value, (*table)[index(i, j - 1)]);
                if (i + 1 < j) value = std::max(value, (*table)[index(i + 1, j)]);
            }
}

inline Block ProgrammeCosts::block(std::uint32_t i, std::uint32_t j) const {
    return {model_->finest_blocks()[i].first, model_->finest_blocks()[j - 1].last};
}

inline void ProgrammeCosts::fill_row(const PartitionRequest& request, SwapPath path,
                                     std::uint32_t i) {
    GrowingBlock block(request.cost, path, model_->finest_blocks()[i].first);
    for (std::uint32_t j = i + 1; j <= finest_; ++j) {
        block.extend(model_->finest_blocks()[j - 1].last);
        const BlockFacts& facts = block.facts();
        const std::size_t at = index(i, j);
        in_[at] = facts.swap_in().count();
        execute_[at] = facts.use().count();
        out_[at] = facts.swap_out().count();
        held_[at] = facts.held_bytes.count;
        active_[at] = counted(facts.activations, request.account).count;
    }
}

namespace programme {

using Value = std::int64_t;
constexpr Value kNever = std::numeric_limits<Value>::max() / 4;

// A square table over (start, end) of blocks, for each number of blocks where that is fixed.
template <class T>
class Table {
  public:
    Table(std::uint32_t rows, std::uint32_t last_cut, T empty)
        : last_cut_(last_cut),
          entries_(std::size_t{rows} * (last_cut + 1) * (last_cut + 1), empty) {}
    T& operator()(std::uint32_t row, std::uint32_t i, std::uint32_t j) {
        return entries_[(std::size_t{row} * (last_cut_ + 1) + i) * (last_cut_ + 1) + j];
    }

  private:
    std::uint32_t last_cut_;
    std::vector<T> entries_;
};

// The exact cost to go of all blocks that start at one cut: over the start of the block before and
// the end of the block. Only the ranges that pass 1 left are kept; outside is `kNever`.
class ToGo {
  public:
    void resize(std::uint32_t first_before, std::uint32_t befores, std::uint32_t first_end,
                std::uint32_t ends) {
        first_before_ = first_before;
        first_end_ = first_end;
        ends_ = ends;
        values_.assign(std::size_t{befores} * ends, kNever);
    }
    std::uint32_t first_before() const { return first_before_; }
    std::uint32_t first_end() const { return first_end_; }
    std::uint32_t last_end() const { return first_end_ + ends_; }  // one past the last
    bool empty() const { return values_.empty(); }
    // The values of one start before, by end from first_end() on; null outside.
    const Value* row(std::uint32_t before) const {
        const std::size_t at = std::size_t{before - first_before_} * ends_;
        return before < first_before_ || at >= values_.size() ? nullptr : &values_[at];
    }
    Value at(std::uint32_t before, std::uint32_t end) const {
        const Value* values = row(before);
        const bool inside = values != nullptr && end >= first_end_ && end < last_end();
        return inside ? values[end - first_end_] : kNever;
    }
    void set(std::uint32_t before, std::uint32_t end, Value value) {
        values_[std::size_t{before - first_before_} * ends_ + (end - first_end_)] = value;
    }

  private:
    std::uint32_t first_before_ = 0, first_end_ = 0, ends_ = 0;
    std::vector<Value> values_;
};

class Solver {
  public:
    Solver(const ProgrammeCosts& costs, std::int64_t budget, std::optional<std::uint32_t> blocks)
        : costs_(costs),
          n_(costs.finest()),
          budget_(budget),
          fixed_(blocks),
          rows_(blocks.value_or(0) + 1),
          shift_(std::bit_width(n_ + 1)),
          furthest_(1, n_, 0),
          forward_(rows_, n_, kNever),
          backward_(rows_, n_, kNever),
          to_go_(std::size_t{rows_} * (n_ + 1)) {}

    // The borders of the blocks, 0 and the last cut among them; nothing if none fits.
    std::optional<std::vector<std::uint32_t>> solve();
    std::int64_t time() const { return best_ >> shift_; }
    std::int64_t peak() const { return peak_; }

  private:
    // Rows count the blocks to go where their number is fixed; else there is row 0 only.
    std::uint32_t first_row() const { return fixed_.value_or(0); }
    std::uint32_t after(std::uint32_t row) const { return fixed_ ? row - 1 : 0; }
    bool may_end(std::uint32_t row) const { return !fixed_ || row == 1; }
    bool may_go_on(std::uint32_t row) const { return !fixed_ || row > 1; }

    Value ns(std::int64_t time) const { return time << shift_; }
    bool may_be_first(std::uint32_t j) const { return own_peak(j) <= budget_; }
    std::int64_t own_peak(std::uint32_t j) const {
        return j < n_ ? costs_.first(0, j) : costs_.alone(0, n_);
    }
    std::int64_t out_before(std::uint32_t before, std::uint32_t i) const {
        return i == 0 ? 0 : costs_.out(before, i);
    }
    ToGo& to_go(std::uint32_t row, std::uint32_t i) {
        return to_go_[std::size_t{row} * (n_ + 1) + i];
    }

    void find_furthest();
    void bound_backward();
    void bound_forward();
    Value true_cost_of_relaxed_best();
    bool is_left(std::uint32_t row, std::uint32_t i, std::uint32_t j, Value most);
    void make_room(std::uint32_t row, std::uint32_t i, Value most);
    void solve_exactly(Value most);
    void solve_block(std::uint32_t row, std::uint32_t i, std::uint32_t j);
    Value through(std::uint32_t row, std::int64_t out, std::uint32_t i, std::uint32_t j,
                  std::uint32_t k);
    Value first_block(std::uint32_t j);
    std::int64_t peak_to_go(std::uint32_t row, std::uint32_t before, std::uint32_t i,
                            std::uint32_t j);
    void settle_peak();
    std::vector<std::uint32_t> earliest_cuts();

    const ProgrammeCosts& costs_;
    std::uint32_t n_;
    std::int64_t budget_;
    std::optional<std::uint32_t> fixed_;
    std::uint32_t rows_;
    int shift_;
    Table<std::uint32_t> furthest_;  // the furthest end of a block that fits beside [i, j)
    Table<Value> forward_, backward_;
    std::vector<ToGo> to_go_;                                // by row and start of the block
    std::vector<Value> hidden_, shown_;                      // scratch of solve_block
    std::unordered_map<std::uint64_t, std::int64_t> peaks_;  // of states on optimal paths
    Value best_ = kNever;
    std::int64_t peak_ = 0;
};

inline std::optional<std::vector<std::uint32_t>> Solver::solve() {
    find_furthest();
    bound_backward();
    bound_forward();
    const Value most = true_cost_of_relaxed_best();
    if (most >= kNever) return std::nullopt;
    solve_exactly(most);
    settle_peak();
    return earliest_cuts();
}

// What a pair needs grows with the end of its second block, so one border says which ends fit; and
// it only falls as the first block starts earlier.
inline void Solver::find_furthest() {
    for (std::uint32_t j = 1; j < n_; ++j) {
        std::uint32_t k = n_;
        for (std::uint32_t i = j; i-- > 0;) {
            while (k > j && costs_.pair(i, j, k) > budget_) --k;
            furthest_(0, i, j) = k;
        }
    }
}

// backward(row, i, j): least cost from the term of block [i, j) on, with t_out before it left out.
inline void Solver::bound_backward() {
    for (std::uint32_t row = fixed_ ? 1 : 0; row < rows_; ++row) {
        for (std::uint32_t i = n_; i-- > 0;) {
            for (std::uint32_t j = i + 1; j <= n_; ++j) {
                Value least = kNever;
                if (j == n_ && may_end(row)) least = ns(costs_.execute(i, n_) + costs_.out(i, n_));
                const std::int64_t execute = costs_.execute(i, j);
                const std::uint32_t furthest = j < n_ && may_go_on(row) ? furthest_(0, i, j) : 0;
                for (std::uint32_t k = j + 1; k <= furthest; ++k)
                    least = std::min(least, ns(std::max(execute, costs_.in(j, k))) +
                                                backward_(after(row), j, k));
                if (least < kNever) backward_(row, i, j) = least + 1;
            }
        }
    }
}

// forward(row, i, j): least cost of all before the term of block [i, j), likewise.
inline void Solver::bound_forward() {
    const std::uint32_t top = first_row();
    for (std::uint32_t j = 1; j <= n_; ++j)
        if (may_be_first(j)) forward_(top, 0, j) = ns(costs_.in(0, j));
    for (std::uint32_t row = top + 1; row-- > 0 && may_go_on(row);) {
        for (std::uint32_t i = 0; i < n_; ++i) {
            for (std::uint32_t j = i + 1; j < n_; ++j) {
                const Value so_far = forward_(row, i, j) + 1;
                if (so_far >= kNever) continue;
                const std::int64_t execute = costs_.execute(i, j);
                const std::uint32_t furthest = furthest_(0, i, j);
                for (std::uint32_t k = j + 1; k <= furthest; ++k) {
                    Value& next = forward_(after(row), j, k);
                    next = std::min(next, so_far + ns(std::max(execute, costs_.in(j, k))));
                }
            }
        }
    }
}

// Follows the relaxed optimum and counts t_out as well: an upper bound, and feasible.
inline Value Solver::true_cost_of_relaxed_best() {
    std::uint32_t row = first_row();
    std::uint32_t i = 0;
    std::uint32_t j = 0;
    Value least = kNever;
    for (std::uint32_t end = 1; end <= n_; ++end) {
        const Value total = forward_(row, 0, end) + backward_(row, 0, end);
        if (total < least) least = total, j = end;
    }
    if (least >= kNever) return kNever;
    Value cost = ns(costs_.in(0, j));
    std::int64_t out = 0;
    while (j < n_) {
        const std::int64_t execute = costs_.execute(i, j);
        const Value to_go = backward_(row, i, j) - 1;
        std::uint32_t k = j + 1;
        while (ns(std::max(execute, costs_.in(j, k))) + backward_(after(row), j, k) != to_go) ++k;
        cost += 1 + ns(std::max(execute, out + costs_.in(j, k)));
        out = costs_.out(i, j);
        i = j;
        j = k;
        row = after(row);
    }
    return cost + 1 + ns(std::max(costs_.execute(i, n_), out) + costs_.out(i, n_));
}

// Whether a partition through block [i, j) may cost at most `most`.
inline bool Solver::is_left(std::uint32_t row, std::uint32_t i, std::uint32_t j, Value most) {
    return forward_(row, i, j) + backward_(row, i, j) <= most;
}

inline void Solver::solve_exactly(Value most) {
    for (std::uint32_t row = fixed_ ? 1 : 0; row < rows_; ++row) {
        for (std::uint32_t i = n_; i-- > 0;) {
            make_room(row, i, most);
            if (to_go(row, i).empty()) continue;
            for (std::uint32_t j = to_go(row, i).first_end(); j < to_go(row, i).last_end(); ++j)
                if (is_left(row, i, j, most)) solve_block(row, i, j);
        }
    }
    for (std::uint32_t j = 1; j <= n_; ++j) best_ = std::min(best_, first_block(j));
}

// Room for the blocks that start at i, between the first and the last start before and end that are
// left. The first block has one state, as if a block without t_out came before it.
inline void Solver::make_room(std::uint32_t row, std::uint32_t i, Value most) {
    std::uint32_t first_end = n_ + 1;
    std::uint32_t last_end = 0;
    for (std::uint32_t j = i + 1; j <= n_; ++j) {
        if (!is_left(row, i, j, most)) continue;
        first_end = std::min(first_end, j);
        last_end = j;
    }
    std::uint32_t first_before = i == 0 ? 0 : n_;
    std::uint32_t last_before = 0;
    const std::uint32_t row_before = fixed_ ? row + 1 : 0;
    for (std::uint32_t before = 0; before < i && row_before < rows_; ++before) {
        if (!is_left(row_before, before, i, most)) continue;
        first_before = std::min(first_before, before);
        last_before = before;
    }
    if (first_end <= last_end && first_before <= last_before)
        to_go(row, i).resize(first_before, last_before - first_before + 1, first_end,
                             last_end - first_end + 1);
}

// The exact cost to go of block [i, j) for every start of the block before it. With t_out `o` of
// that block: min over ends k of max(execute, o + in(j, k)) + to_go(j, k). Where o + in <= execute
// the term is `execute`, and those k come first, fewer of them as the block before grows; behind
// them it is o + in.
inline void Solver::solve_block(std::uint32_t row, std::uint32_t i, std::uint32_t j) {
    const Value execute = ns(costs_.execute(i, j));
    std::uint32_t first = j + 1;
    std::size_t count = 0;
    const Value* next = nullptr;
    if (j < n_ && may_go_on(row)) {
        const ToGo& ends = to_go(after(row), j);
        next = ends.row(i);
        first = ends.first_end();
        const std::uint32_t last = std::min(ends.last_end(), furthest_(0, i, j) + 1);
        if (next != nullptr && last > first) count = last - first;
    }
    hidden_.resize(count + 1);  // least to go over the first e ends
    shown_.resize(count + 1);   // least in + to go over the ends from e on
    hidden_[0] = shown_[count] = kNever;
    for (std::size_t e = 0; e < count; ++e) hidden_[e + 1] = std::min(hidden_[e], next[e]);
    for (std::size_t e = count; e-- > 0;)
        shown_[e] = std::min(shown_[e + 1],
                             ns(costs_.in(j, first + static_cast<std::uint32_t>(e))) + next[e]);
    ToGo& states = to_go(row, i);
    std::size_t hidden = count;
    for (std::uint32_t before = std::max(i, 1U); before-- > states.first_before();) {
        if (i > 0 && furthest_(0, before, i) < j) break;
        if (states.row(before) == nullptr) continue;
        const Value out = ns(out_before(before, i));
        while (hidden > 0 &&
               out + ns(costs_.in(j, first + static_cast<std::uint32_t>(hidden) - 1)) > execute)
            --hidden;
        Value least = std::min(execute + hidden_[hidden], out + shown_[hidden]);
        if (j == n_ && may_end(row)) least = std::max(execute, out) + ns(costs_.out(i, n_));
        if (least < kNever) states.set(before, j, least + 1);
    }
}

// The cost to go from block [i, j), after one with t_out `out`, if the next block ends at k.
inline Value Solver::through(std::uint32_t row, std::int64_t out, std::uint32_t i, std::uint32_t j,
                             std::uint32_t k) {
    if (k > furthest_(0, i, j)) return kNever;
    return 1 + ns(std::max(costs_.execute(i, j), out + costs_.in(j, k))) +
           to_go(after(row), j).at(i, k);
}

// The cost of everything if the first block ends at j.
inline Value Solver::first_block(std::uint32_t j) {
    if (!may_be_first(j)) return kNever;
    return ns(costs_.in(0, j)) + to_go(first_row(), 0).at(0, j);
}

// The least peak over all optimal ways to go on from a state.
inline std::int64_t Solver::peak_to_go(std::uint32_t row, std::uint32_t before, std::uint32_t i,
                                       std::uint32_t j) {
    if (j == n_ && may_end(row)) return 0;
    const std::uint64_t width = n_ + 1;
    const std::uint64_t state = ((row * width + before) * width + i) * width + j;
    if (const auto known = peaks_.find(state); known != peaks_.end()) return known->second;
    const Value goal = to_go(row, i).at(before, j);
    const std::int64_t out = out_before(before, i);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t k = j + 1; k <= furthest_(0, i, j); ++k)
        if (through(row, out, i, j, k) == goal)
            least =
                std::min(least, std::max(costs_.pair(i, j, k), peak_to_go(after(row), i, j, k)));
    peaks_.emplace(state, least);
    return least;
}

inline void Solver::settle_peak() {
    peak_ = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t j = 1; j <= n_; ++j)
        if (first_block(j) == best_)
            peak_ = std::min(peak_, std::max(own_peak(j), peak_to_go(first_row(), 0, 0, j)));
}

// Walks the optimal paths that keep to the least peak, always to the earliest next cut.
inline std::vector<std::uint32_t> Solver::earliest_cuts() {
    std::uint32_t row = first_row();
    std::uint32_t i = 0;
    std::uint32_t j = 1;
    while (first_block(j) != best_ || own_peak(j) > peak_ || peak_to_go(row, 0, 0, j) > peak_) ++j;
    std::vector<std::uint32_t> borders{0, j};
    std::uint32_t before = 0;
    while (j < n_) {
        const Value goal = to_go(row, i).at(before, j);
        const std::int64_t out = out_before(before, i);
        std::uint32_t k = j + 1;
        while (through(row, out, i, j, k) != goal || costs_.pair(i, j, k) > peak_ ||
               peak_to_go(after(row), i, j, k) > peak_)
            ++k;
        borders.push_back(k);
        before = i;
        i = j;
        j = k;
        row = after(row);
    }
    return borders;
}

// The least over partitions of the largest need: a bottleneck programme over (start, end).
inline std::int64_t least_peak(const ProgrammeCosts& costs, std::optional<std::uint32_t> blocks) {
    const std::uint32_t n = costs.finest();
    const std::uint32_t rows = blocks.value_or(0) + 1;
    Table<std::int64_t> to_go(rows, n, kNever);
    for (std::uint32_t row = blocks ? 1 : 0; row < rows; ++row) {
        for (std::uint32_t i = n; i-- > 0;) {
            for (std::uint32_t j = i + 1; j <= n; ++j) {
                std::int64_t least = kNever;
                if (j == n && row <= 1) least = 0;
                for (std::uint32_t k = j + 1; k <= n && (!blocks || row > 1); ++k) {
                    if (costs.pair(i, j, k) >= least) break;
                    least = std::min(
                        least, std::max(costs.pair(i, j, k), to_go(blocks ? row - 1 : 0, j, k)));
                }
                to_go(row, i, j) = least;
            }
        }
    }
    std::int64_t least = kNever;
    for (std::uint32_t j = 1; j <= n; ++j) {
        const std::int64_t own = j == n ? costs.alone(0, n) : costs.first(0, j);
        least = std::min(least, std::max(own, to_go(rows - 1, 0, j)));
    }
    return least;
}

}  // namespace programme

inline std::optional<SwapnetPartition> programme_partition(const ProgrammeCosts& costs,
                                                           Bytes budget,
                                                           std::optional<std::uint32_t> blocks) {
    programme::Solver solver(costs, budget.count, blocks);
    const auto cuts = solver.solve();
    if (!cuts) return std::nullopt;
    SwapnetPartition best;
    for (std::size_t b = 0; b + 1 < cuts->size(); ++b)
        best.blocks.push_back(costs.block((*cuts)[b], (*cuts)[b + 1]));
    best.closed_form = Duration{solver.time()};
    best.peak = Bytes{solver.peak()};
    return best;
}

inline std::int64_t programme_minimum(const ProgrammeCosts& costs,
                                      std::optional<std::uint32_t> blocks) {
    return programme::least_peak(costs, blocks);
}

}  // namespace swaplab::oracle
