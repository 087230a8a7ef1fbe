#include "policies/plan/cached_plan.h"

#include <algorithm>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/partition_planner.h"

namespace swaplab {

namespace {

class CachedPartitioner final : public Partitioner {
  public:
    CachedPartitioner(SwapPath path, ReleasedBefore before) : path_(path), before_(before) {}

    Infeasible minimum(const PartitionRequest& request) const override {
        const FinestBlocks finest(request, path_);
        const Model& model = request.cost.model();
        return {copies(request) * finest.largest + finest.active,
                describe(model, finest.largest_block, finest.largest) + " must be resident" +
                    beside_activations(finest.active),
                names_in(model, finest.largest_block)};
    }
    JobPlan partition(const PartitionRequest& request) const override {
        const FinestBlocks finest(request, path_);
        JobPlan plan(request.node, path_, finest_blocks(request.cost.model()));
        const Bytes most = finest.total + (copies(request) - 1) * finest.largest;
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::counter, std::min(request.budget - finest.active, most), 0};
        variant.need = variant.arena.capacity + finest.active;
        variant.steady_pass = steady_pass(finest.blocks, variant.arena.capacity,
                                          static_cast<std::uint32_t>(copies(request)));
        return plan;
    }
    std::vector<JobPlan> front(const PartitionRequest& request) const override {
        return coarse_front(request);
    }

  private:
    // Of the second of two, one command at a time.
    Duration steady_pass(const std::vector<BlockFacts>& blocks, Bytes capacity,
                         std::uint32_t copies) const {
        BlockCache cache(capacity, static_cast<std::uint32_t>(blocks.size()), before_);
        Duration pass{};
        for (int number = 0; number < 2; ++number) {
            pass = {};
            for (BlockId b{0}; b.index < blocks.size(); ++b.index) {
                const BlockFacts& block = blocks[b.index];
                if (block.has_parameters() && !cache.has(b)) {
                    for (const BlockId gone : cache.bring(b, block.held_bytes, copies))
                        pass += blocks[gone.index].swap_out();
                    pass += block.swap_in();
                }
                cache.use(b);
                pass += block.use();
            }
        }
        return pass;
    }

    std::int64_t copies(const PartitionRequest& request) const {
        return peak_copies(path_, request.cost.node().compute);
    }

    SwapPath path_;
    ReleasedBefore before_;
};

}  // namespace

std::unique_ptr<Partitioner> make_cached_partitioner(SwapPath path, ReleasedBefore before) {
    return std::make_unique<CachedPartitioner>(path, before);
}

}  // namespace swaplab
