// standard-swap: naive swapping. One block at a time, each through the page cache, a host tensor, a
// device tensor and a dummy model (SwapNet's baseline). Blocks are as few and as large as the
// budget allows, at the least total time.
#include <algorithm>
#include <limits>

#include "policies/plan/one_block_resident.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/one_at_a_time.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/policy.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The best way to cut the first blocks: least time, then fewest blocks, then earliest cuts.
struct Best {
    Duration time = Duration::max();
    std::uint32_t blocks = 0;
    std::uint32_t from = 0;  // where the last block begins

    bool beats(const Best& other) const {
        return time != other.time ? time < other.time : blocks < other.blocks;
    }
};

class StandardSwapPartitioner final : public Partitioner {
  public:
    StandardSwapPartitioner(SwapPath path, std::optional<std::int64_t> blocks)
        : path_(path), blocks_(blocks) {}

    Infeasible minimum(const PartitionRequest& request) const override {
        check_blocks(request.cost.model());
        if (!blocks_)
            return one_block_minimum(
                request, facts_of(request.cost, finest_blocks(request.cost.model()), path_), path_);
        return least_with_count(request);
    }

    JobPlan partition(const PartitionRequest& request) const override {
        const auto cuts = best_cuts(request);
        SWAPLAB_CHECK(cuts, "no plan within {} bytes, which was said to do", request.budget.count);
        return one_block_plan(request, facts_of(request.cost, *cuts, path_), path_);
    }

  private:
    void check_blocks(const Model& model) const {
        if (blocks_ && *blocks_ > static_cast<std::int64_t>(model.finest_blocks().size()))
            throw InputError(
                text("policy parameter blocks: {} has {} units that can be cut, found "
                     "{}",
                     model.name(), model.finest_blocks().size(), *blocks_));
    }

    // Bytes that the block needs: a bottleneck, so the least budget for a given number of blocks is
    // one of these values; bisection over them finds it.
    Infeasible least_with_count(const PartitionRequest& request) const {
        std::vector<Bytes> needs;
        for_each_block(request, [&](std::uint32_t, std::uint32_t, const BlockFacts&, Bytes need) {
            needs.push_back(need);
            return true;
        });
        std::sort(needs.begin(), needs.end());
        needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
        const auto least = std::partition_point(needs.begin(), needs.end(), [&](Bytes budget) {
            PartitionRequest tried = request;
            tried.budget = budget;
            return !best_cuts(tried);
        });
        SWAPLAB_CHECK(least != needs.end(), "{} blocks of {} units fit nowhere", *blocks_,
                      request.cost.model().finest_blocks().size());
        return {*least, text("{} in {} blocks", request.cost.model().name(), *blocks_), {}};
    }

    // By start, then by end, as long as `visit` says that longer ones are asked for.
    template <class Visit>
    void for_each_block(const PartitionRequest& request, Visit visit) const {
        const auto finest = request.cost.model().finest_blocks();
        const std::uint32_t copies = peak_copies(path_, request.cost.node().compute);
        for (std::uint32_t i = 0; i < finest.size(); ++i) {
            const Bytes live = request.cost.model().live_across(finest[i].first);
            GrowingBlock block(request.cost, path_, finest[i].first);
            for (std::uint32_t j = i; j < finest.size(); ++j) {
                block.extend(finest[j].last);
                if (!visit(i, j + 1, block.facts(),
                           alone_bytes(block.facts(), live, copies, request.account)))
                    break;
            }
        }
    }

    // Dynamic programme over (number of blocks, end); one row where the number is free.
    std::optional<std::vector<Block>> best_cuts(const PartitionRequest& request) const {
        const auto finest = request.cost.model().finest_blocks();
        const std::size_t rows = blocks_ ? static_cast<std::size_t>(*blocks_) + 1 : 1;
        std::vector<std::vector<Best>> best(rows, std::vector<Best>(finest.size() + 1));
        best[0][0] = {Duration{}, 0, 0};
        const bool needs_grow = request.cost.model().brings_plainly();
        for_each_block(request,
                       [&](std::uint32_t i, std::uint32_t j, const BlockFacts& facts, Bytes need) {
                           if (need > request.budget) return !needs_grow;
                           const Duration time = facts.swap_in() + facts.use() + facts.swap_out();
                           for (std::size_t row = 0; row < rows; ++row) {
                               if (rows > 1 && row + 1 == rows) break;
                               const Best& before = best[row][i];
                               if (before.time == Duration::max()) continue;
                               const Best candidate{before.time + time, before.blocks + 1, i};
                               Best& place = best[rows > 1 ? row + 1 : 0][j];
                               if (candidate.beats(place)) place = candidate;
                           }
                           return true;
                       });
        return trace(best, finest);
    }

    static std::optional<std::vector<Block>> trace(const std::vector<std::vector<Best>>& best,
                                                   std::span<const Block> finest) {
        std::size_t row = best.size() - 1;
        if (best[row][finest.size()].time == Duration::max()) return std::nullopt;
        std::vector<Block> blocks;
        for (std::size_t end = finest.size(); end > 0;) {
            const std::uint32_t from = best[row][end].from;
            blocks.push_back({finest[from].first, finest[end - 1].last});
            end = from;
            if (row > 0) --row;
        }
        std::reverse(blocks.begin(), blocks.end());
        return blocks;
    }

    SwapPath path_;
    std::optional<std::int64_t> blocks_;
};

}  // namespace

Policy make_standard_swap(const PolicyParameters& parameters, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(std::make_unique<StandardSwapPartitioner>(
        path.value_or(SwapPath::standard),
        count_or_auto(parameters, "blocks", std::numeric_limits<std::uint32_t>::max())));
    policy.make_scheduler = make_one_at_a_time;
    return policy;
}

}  // namespace swaplab
