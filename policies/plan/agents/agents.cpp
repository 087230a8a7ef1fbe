#include "policies/plan/agents/agents.h"

#include <algorithm>
#include <vector>

#include "policies/plan/agents/delay.h"

namespace swaplab {

namespace {

// The sizes of the blocks that are loaded, in order, again and again.
class Loads {
  public:
    explicit Loads(const std::vector<BlockFacts>& blocks) {
        for (const BlockFacts& block : blocks)
            if (block.has_parameters()) bytes_.push_back(block.held_bytes);
    }

    std::size_t size() const { return bytes_.size(); }

    // The most bytes of `count` neighbours; the last and the first are neighbours, since the next
    // request may come in beside the end of one.
    Bytes most_of_neighbours(std::size_t count) const {
        count = std::min(count, size());
        Bytes sum;
        for (std::size_t k = 0; k < count; ++k) sum += bytes_[k];
        Bytes most = sum;
        for (std::size_t k = 0; k < size(); ++k) {
            sum += bytes_[(k + count) % size()] - bytes_[k];
            most = std::max(most, sum);
        }
        return most;
    }

    // The most neighbours within one request that `room` holds together.
    std::size_t widest(Bytes room) const {
        std::size_t widest = 0;
        std::size_t first = 0;
        Bytes sum;
        for (std::size_t k = 0; k < size(); ++k) {
            sum += bytes_[k];
            while (sum > room) sum -= bytes_[first++];
            widest = std::max(widest, k + 1 - first);
        }
        return widest;
    }

  private:
    std::vector<Bytes> bytes_;
};

struct Choice {
    std::uint32_t agents = 1;
    Bytes arena;
    Duration delay{};
};

struct Search {
    const FinestBlocks& finest;
    Loads loads;
    const Node& node;
    Bytes room;  // for parameters
    std::uint32_t passes;

    Choice with(std::uint32_t agents) const {
        const Bytes arena = std::min(room, loads.most_of_neighbours(agents + std::size_t{1}));
        const auto of_passes = [&](std::uint32_t count) {
            return agents_delay(finest.blocks, node, agents, arena, count);
        };
        const Duration all = of_passes(passes);
        return {agents, arena, passes == 1 ? all : all - of_passes(passes - 1)};
    }
    // More agents than neighbours that fit at once have nothing to do. (One fewer is the usual
    // estimate, since one layer executes; at the beginning none does.)
    std::uint32_t most_agents() const {
        return static_cast<std::uint32_t>(
            std::clamp<std::size_t>(loads.widest(room), 1, kMostAgents));
    }
    // The least predicted time; of equals the fewest agents, which hold the least.
    Choice best() const {
        const std::uint32_t most = most_agents();
        Choice best = with(1);
        for (std::uint32_t agents = 2; agents <= most; ++agents) {
            const Choice choice = with(agents);
            if (choice.delay < best.delay) best = choice;
        }
        return best;
    }
};

}  // namespace

Bytes most_of_neighbours(const FinestBlocks& finest, std::size_t count) {
    return Loads(finest.blocks).most_of_neighbours(count);
}

JobPlan plan_with_agents(const PartitionRequest& request, const FinestBlocks& finest,
                         std::optional<std::uint32_t> agents, std::uint32_t passes) {
    const Search search{finest, Loads(finest.blocks), request.cost.node(),
                        request.budget - finest.active, passes};
    const Choice choice = agents ? search.with(*agents) : search.best();
    JobPlan plan(request.node, SwapPath::zero_copy, finest_blocks(request.cost.model()));
    plan.kept = finest.marks();
    plan.parallel_reads = choice.agents;
    plan.at_start().arena = {ArenaKind::counter, choice.arena, 0};
    plan.at_start().closed_form = choice.delay;
    return plan;
}

}  // namespace swaplab
