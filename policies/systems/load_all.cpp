// load-all: read everything, then execute. One block per model, which stays resident until the last
// request that is queued has ended.
#include <algorithm>

#include "policies/plan/fewest_blocks.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

class LoadAllPartitioner final : public Partitioner {
  public:
    explicit LoadAllPartitioner(SwapPath path) : path_(path) {}

    Infeasible minimum(const PartitionRequest& request) const override {
        const Model& model = request.cost.model();
        const Loaded loaded(request, path_);
        return {loaded.need,
                text("all of {} is one block", describe(model, model.whole(), loaded.held)),
                names_in(model, model.whole())};
    }

    JobPlan partition(const PartitionRequest& request) const override {
        const Loaded loaded(request, path_);
        JobPlan plan = plan_of_parts(request.node, path_, loaded.parts);
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::counter, loaded.coming_in, 0};
        variant.closed_form = loaded.closed_form;
        variant.need = loaded.need;
        return plan;
    }

  private:
    // Everything, and what it needs: one block, or its parts one after the other.
    struct Loaded {
        std::vector<BlockFacts> parts;
        Bytes held, coming_in;  // one copy; at most, with the copies of what comes in
        Bytes need;
        Duration closed_form{};

        Loaded(const PartitionRequest& request, SwapPath path)
            : parts(fewest_blocks(request.cost, path)) {
            const std::uint32_t copies = peak_copies(path, request.cost.node().compute);
            Bytes active;
            for (const BlockFacts& part : parts) {
                coming_in = std::max(coming_in, held + copies * part.held_bytes);
                held += part.held_bytes;
                active = std::max(active, counted(part.activations, request.account));
                closed_form += part.swap_in() + part.use();
            }
            need = std::max(coming_in, held + active);
        }
    };

    SwapPath path_;
};

class LoadAllScheduler final : public PipelineScheduler {
  public:
    explicit LoadAllScheduler(const SchedulerSetup& setup)
        : PipelineScheduler(setup), loaded_(setup.facts.size()) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        const Trail& before = step.job.before;
        if (step.begins_pass()) load(step, moves);
        Trail trail = loaded_[step.job.id].trails[step.block.index];
        submit_use(step, loaded_[step.job.id].all | trail.assembled | before.executed, trail,
                   moves);
        const bool last = step.last_pass() && step.job.queued == 0;
        if (last) submit_release(step, trail.executed, trail, moves);
        return trail;
    }

    // Everything comes in before the first part executes; nothing does while it is loaded.
    void load(const Step& step, Moves& moves) {
        Loaded& loaded = changing(loaded_[step.job.id]);
        loaded.trails.assign(step.job.blocks.size(), {});
        for (const BlockId block : step.job.variant->blocks()) {
            const Step part{step.job, step.request, step.pass, block, step.job.facts[block]};
            Trail& trail = loaded.trails[block.index];
            submit_swap_in(part, step.job.before.released, {}, trail, moves);
            loaded.all = trail.assembled;
        }
    }

    struct Loaded {
        std::vector<Trail> trails;  // by block
        Wait all;                   // for the last of them to be there
    };
    IdVector<JobId, Loaded> loaded_;
};

}  // namespace

Policy make_load_all(const PolicyParameters&, std::optional<SwapPath> path) {
    Policy policy;
    policy.planner = make_partition_planner(
        std::make_unique<LoadAllPartitioner>(path.value_or(SwapPath::zero_copy)));
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<LoadAllScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
