#include "policies/systems/pipeswitch/groups.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// A way to bring in the blocks before a cut and to execute them.
struct Label {
    Duration in{}, executed{};  // I and K of the last group
    std::uint32_t groups = 0;
    std::uint32_t from = 0;    // the cut before the last group
    std::uint32_t before = 0;  // which label of that cut

    bool as_good_as(const Label& other) const {
        if (in > other.in || executed > other.executed) return false;
        return in < other.in || executed < other.executed || groups <= other.groups;
    }
};

// The labels of one cut, none as good as another: `in` rises, `executed` falls.
class Front {
  public:
    void add(const Label& label) {
        const auto place =
            std::partition_point(labels_.begin(), labels_.end(), [&](const Label& l) {
                return l.in != label.in ? l.in < label.in : l.executed < label.executed;
            });
        if (place != labels_.begin() && (place - 1)->as_good_as(label)) return;
        if (place != labels_.end() && place->as_good_as(label)) return;
        auto beaten = place;
        while (beaten != labels_.end() && label.as_good_as(*beaten)) ++beaten;
        labels_.insert(labels_.erase(place, beaten), label);
    }
    const std::vector<Label>& labels() const { return labels_; }

  private:
    std::vector<Label> labels_;
};

class Search {
  public:
    Search(const CostModel& cost, SwapPath path, std::optional<Bytes> most)
        : cost_(cost), path_(path), most_(most), finest_(cost.model().finest_blocks()) {
        executing_.resize(finest_.size() + 1);
        for (std::size_t i = finest_.size(); i-- > 0;)
            executing_[i] = executing_[i + 1] + cost.execute_bound_ns(finest_[i]);
        for (std::size_t size = 1; size < 2 * finest_.size(); size *= 2) {
            const std::vector<BlockFacts> groups =
                facts_of(cost, groups_of_size(cost.model(), size), path, {.all = true});
            if (std::ranges::all_of(groups, [&](const BlockFacts& g) { return fits(g); }))
                limit_ = std::min(limit_, pipeswitch_delay(groups));
        }
    }

    std::vector<Block> run() {
        fronts_.resize(finest_.size() + 1);
        fronts_[0].add({});
        for (std::uint32_t from = 0; from < finest_.size(); ++from) extend(from);
        const std::vector<Label>& ends = fronts_.back().labels();
        SWAPLAB_CHECK(!ends.empty(), "no groups of {} blocks", finest_.size());
        const auto best = std::ranges::min_element(ends, {}, &Label::executed);
        return trace(static_cast<std::uint32_t>(best - ends.begin()));
    }

  private:
    bool fits(const BlockFacts& group) const {
        return group.held_bytes <= most_.value_or(Bytes{kMostInTotal});
    }

    // The least in which blocks from `from` on can execute after `start`; each group may have been
    // rounded down by half a ns.
    Duration end_at_least(Duration start, std::uint32_t from) const {
        const double left = executing_[from] - static_cast<double>(finest_.size() - from);
        return start + Duration{static_cast<std::int64_t>(std::max(0.0, std::floor(left)))};
    }

    // All groups that begin at `from`, behind all labels there. A group that comes in too late for
    // the limit comes in later still when it grows.
    void extend(std::uint32_t from) {
        const std::vector<Label> labels = fronts_[from].labels();
        if (labels.empty()) return;
        GrowingBlock group(cost_, path_, finest_[from].first, {.all = true});
        const Duration first_in = labels.front().in;
        for (std::uint32_t end = from + 1; end <= finest_.size(); ++end) {
            group.extend(finest_[end - 1].last);
            const BlockFacts& facts = group.facts();
            if (!fits(facts) || end_at_least(first_in + facts.swap_in(), from) > limit_) return;
            for (std::uint32_t l = 0; l < labels.size(); ++l) add(labels, l, from, end, facts);
        }
    }

    void add(const std::vector<Label>& labels, std::uint32_t index, std::uint32_t from,
             std::uint32_t end, const BlockFacts& group) {
        const Label& before = labels[index];
        Label label;
        label.in = before.in + group.swap_in();
        label.executed = std::max(label.in, before.executed) + group.use();
        label.groups = before.groups + 1;
        label.from = from;
        label.before = index;
        if (end_at_least(label.executed, end) <= limit_) fronts_[end].add(label);
    }

    std::vector<Block> trace(std::uint32_t label) const {
        std::vector<Block> groups;
        for (auto end = static_cast<std::uint32_t>(finest_.size()); end > 0;) {
            const Label& last = fronts_[end].labels()[label];
            groups.push_back({finest_[last.from].first, finest_[end - 1].last});
            end = last.from;
            label = last.before;
        }
        std::ranges::reverse(groups);
        return groups;
    }

    const CostModel& cost_;
    SwapPath path_;
    std::optional<Bytes> most_;
    std::span<const Block> finest_;
    std::vector<double> executing_;  // by cut: the execution of all blocks behind it, unrounded
    Duration limit_ = Duration::max();
    std::vector<Front> fronts_;  // by cut
};

}  // namespace

std::vector<Block> groups_of_size(const Model& model, std::size_t size) {
    const auto finest = model.finest_blocks();
    std::vector<Block> groups;
    for (std::size_t first = 0; first < finest.size(); first += size)
        groups.push_back(
            {finest[first].first, finest[std::min(first + size, finest.size()) - 1].last});
    return groups;
}

Duration pipeswitch_delay(const std::vector<BlockFacts>& groups) {
    Duration in{}, executed{};
    for (const BlockFacts& group : groups) {
        in += group.swap_in();
        executed = std::max(in, executed) + group.use();
    }
    return executed;
}

std::vector<Block> best_groups(const CostModel& cost, SwapPath path, std::optional<Bytes> most) {
    return Search(cost, path, most).run();
}

}  // namespace swaplab
