// A policy of one's own, from end to end: what policies/README.md walks through. It would stand in
// policies/systems/, with a row of policies/registry.cpp; here a test runs it.
//
// double-buffer: two neighbouring blocks of the finest cut in memory; while one executes, the next
// comes in.
#include <algorithm>

#include "policies/plan/partition_planner.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

class DoubleBufferPartitioner final : public Partitioner {
  public:
    explicit DoubleBufferPartitioner(SwapPath path) : path_(path) {}

    // Two neighbours, beside what the larger of their executions needs.
    Infeasible minimum(const PartitionRequest& request) const override {
        const std::vector<BlockFacts> blocks = facts(request);
        Infeasible least;
        UnitRange forcing = blocks.front().units;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const Bytes bytes = pair_bytes(blocks, i, request);
            if (bytes <= least.minimum_budget) continue;
            least.minimum_budget = bytes;
            forcing = {blocks[i].units.first,
                       blocks[std::min(i + 1, blocks.size() - 1)].units.last};
        }
        const Model& model = request.cost.model();
        least.reason = text("{} must be in memory at once",
                            describe(model, forcing, request.cost.parameter_bytes(forcing)));
        least.layers = names_in(model, forcing);
        return least;
    }

    JobPlan partition(const PartitionRequest& request) const override {
        JobPlan plan(request.node, path_, cut(request.cost));
        Variant& variant = plan.at_start();
        variant.need = minimum(request).minimum_budget;
        variant.overlap_need.reset();  // the next request waits until everything is released
        variant.arena = {ArenaKind::counter, variant.need, 0};
        return plan;
    }

  private:
    // The finest blocks, but that every block has parameters: those without go with the one before.
    static std::vector<Block> cut(const CostModel& cost) {
        std::vector<Block> blocks;
        bool complete = false;  // the last one has parameters
        for (const UnitRange finest : cost.model().finest_blocks()) {
            const bool has_some = cost.parameter_bytes(finest).count > 0;
            if (blocks.empty() || (complete && has_some)) {
                blocks.push_back(finest);
                complete = has_some;
            } else {
                blocks.back().last = finest.last;
                complete = complete || has_some;
            }
        }
        return blocks;
    }
    std::vector<BlockFacts> facts(const PartitionRequest& request) const {
        return facts_of(request.cost, cut(request.cost), path_);
    }
    Bytes pair_bytes(const std::vector<BlockFacts>& blocks, std::size_t first,
                     const PartitionRequest& request) const {
        const std::uint32_t copies = peak_copies(path_, request.cost.node().compute);
        const std::size_t second = std::min(first + 1, blocks.size() - 1);
        const Bytes beside = std::max(counted(blocks[first].activations, request.account),
                                      counted(blocks[second].activations, request.account));
        const Bytes held = second == first ? blocks[first].held_bytes
                                           : blocks[first].held_bytes + blocks[second].held_bytes;
        return copies * held + beside;
    }

    SwapPath path_;
};

class DoubleBufferScheduler final : public PipelineScheduler {
  public:
    explicit DoubleBufferScheduler(const SchedulerSetup& setup) : PipelineScheduler(setup) {}

  private:
    // Block i is read when i-1 has been read and i-2 is gone; it executes when it is there and i-1
    // has executed; then it is released.
    Trail submit_block(const Step& step, Moves& moves) override {
        const JobRun& job = step.job;
        Wait read_after =
            job.before.assembled | job.before_that.released | job.blocks[step.block].released;
        if (step.begins_pass() && !job.overlap) read_after |= job.before.released;
        Trail trail;
        submit_swap_in(step, read_after, {}, trail, moves);
        submit_execution(step, trail.assembled | job.before.executed, trail, moves);
        return trail;
    }
};

}  // namespace

Policy make_double_buffer(const PolicyParameters&, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        std::make_unique<DoubleBufferPartitioner>(path.value_or(SwapPath::zero_copy)));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<DoubleBufferScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
