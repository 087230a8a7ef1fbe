// pipeswitch: groups of layers, the next is transmitted while one executes; nothing is freed before
// the request ends (Bai et al.: PipeSwitch, OSDI 2020). One loader brings in one group after the
// other, assembly included (ours: so Hermes describes its pipelined baseline).
#include <algorithm>
#include <limits>

#include "policies/plan/finest_blocks.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"
#include "policies/systems/pipeswitch/groups.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// The search looks at every pair of cuts.
constexpr std::size_t kMostBlocks = 4096;

class PipeswitchPartitioner final : public Partitioner {
  public:
    PipeswitchPartitioner(SwapPath path, std::optional<std::size_t> group)
        : path_(path), group_(group) {}

    Infeasible minimum(const PartitionRequest& request) const override {
        const Model& model = request.cost.model();
        if (!group_ && model.finest_blocks().size() > kMostBlocks)
            throw InputError(
                text("pipeswitch searches groups of at most {} units that can be cut, {} has {}; "
                     "ask for group=N",
                     kMostBlocks, model.name(), model.finest_blocks().size()));
        const FinestBlocks finest(request, path_, {.all = true});
        const Needs needs = needs_of(request, finest);
        const UnitRange all = model.whole();
        return {needs.resident + needs.staging + finest.active,
                text("all of {} must be resident{}{}", describe(model, all, needs.resident),
                     needs.staging.count > 0 ? ", its largest group twice while it comes in" : "",
                     beside_activations(finest.active)),
                names_in(model, all)};
    }

    JobPlan partition(const PartitionRequest& request) const override {
        JobPlan plan(request.node, path_,
                     group_ ? groups_of_size(request.cost.model(), *group_)
                            : best_groups(request.cost, path_, most_of_a_group(request)));
        plan.keeps_all = true;
        const std::vector<BlockFacts> groups = facts_of(request.cost, plan);
        const Bytes staging = staging_of(groups);
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::counter, total_of(groups), 0};
        if (staging.count > 0) variant.staging = ArenaPlan{ArenaKind::counter, staging, 0};
        variant.closed_form = pipeswitch_delay(groups);
        return plan;
    }

  private:
    struct Needs {
        Bytes resident;  // all groups; of group=auto, whatever the groups are
        Bytes staging;   // the largest group; of group=auto, the largest block
    };

    Needs needs_of(const PartitionRequest& request, const FinestBlocks& finest) const {
        if (!group_) return {finest.total, staging_of(finest.blocks)};
        const std::vector<BlockFacts> groups = facts_of(
            request.cost, groups_of_size(request.cost.model(), *group_), path_, {.all = true});
        return {total_of(groups), staging_of(groups)};
    }
    // What the budget leaves for staging, beside everything resident.
    std::optional<Bytes> most_of_a_group(const PartitionRequest& request) const {
        if (path_ != SwapPath::staged) return std::nullopt;
        const FinestBlocks finest(request, path_, {.all = true});
        return request.budget - finest.active - finest.total;
    }
    Bytes staging_of(const std::vector<BlockFacts>& groups) const {
        Bytes largest;
        if (path_ != SwapPath::staged) return largest;
        for (const BlockFacts& group : groups) largest = std::max(largest, group.held_bytes);
        return largest;
    }
    static Bytes total_of(const std::vector<BlockFacts>& groups) {
        Bytes total;
        for (const BlockFacts& group : groups) total += group.held_bytes;
        return total;
    }

    SwapPath path_;
    std::optional<std::size_t> group_;
};

// read(g) after assemble(g-1); execute(g) after assemble(g), execute(g-1); everything is released
// when the last pass has ended. read(g) of the next request waits for release(g).
class PipeswitchScheduler final : public PipelineScheduler {
  public:
    explicit PipeswitchScheduler(const SchedulerSetup& setup)
        : PipelineScheduler(setup, blocks_of_all_jobs(setup)) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        JobRun& job = step.job;
        Trail trail;
        Wait read_after = job.before.assembled;
        if (step.pass == 0) read_after |= job.blocks[step.block].released;
        submit_swap_in(step, read_after, {}, trail, moves);  // nothing, after the first pass
        submit_use(step, trail.assembled | job.before.executed, trail, moves);
        if (job.variant->ends_with(step.block) && step.last_pass()) release_all(step, trail, moves);
        return trail;
    }

    void release_all(const Step& step, Trail& last, Moves& moves) {
        for (const BlockId b : step.job.variant->blocks()) {
            const Step block{step.job, step.request, step.pass, b, step.job.facts[b]};
            Trail& trail = b == step.block ? last : changing(step.job.blocks[b]);
            submit_release(block, last.executed, trail, moves);
        }
    }
};

}  // namespace

Policy make_pipeswitch(const PolicyParameters& parameters, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(std::make_unique<PipeswitchPartitioner>(
        path.value_or(SwapPath::zero_copy),
        count_or_auto(parameters, "group", std::numeric_limits<std::uint32_t>::max())));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<PipeswitchScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
