// load-all: read everything, then execute. One block per model, which stays resident until the last
// request that is queued has ended.
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
        const BlockFacts facts = facts_of(request.cost, whole(request), path_, {.all = true});
        return {alone_bytes(facts, {}, copies(request), request.account),
                text("all of {} is one block", describe(model, whole(request), facts.held_bytes)),
                names_in(model, whole(request))};
    }

    JobPlan partition(const PartitionRequest& request) const override {
        const BlockFacts facts = facts_of(request.cost, whole(request), path_, {.all = true});
        JobPlan plan(request.node, path_, {whole(request)});
        plan.keeps_all = true;
        Variant& variant = plan.at_start();
        variant.arena = {ArenaKind::counter, copies(request) * facts.held_bytes, 0};
        variant.closed_form = facts.swap_in() + facts.use();
        variant.need = alone_bytes(facts, {}, copies(request), request.account);
        return plan;
    }

  private:
    static Block whole(const PartitionRequest& request) { return request.cost.model().whole(); }
    std::uint32_t copies(const PartitionRequest& request) const {
        return peak_copies(path_, request.cost.node().compute);
    }

    SwapPath path_;
};

class LoadAllScheduler final : public PipelineScheduler {
  public:
    // One model executes while the next is read.
    explicit LoadAllScheduler(const SchedulerSetup& setup) : PipelineScheduler(setup, 2) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        Trail trail;
        const Trail& before = step.job.before;
        submit_swap_in(step, before.released, {}, trail, moves);  // nothing, while it is loaded
        submit_use(step, trail.assembled | before.executed, trail, moves);
        // Where the budget may change, what stays loaded could not be got rid of in time.
        const bool last = step.last_pass() && (step.job.queued == 0 || adaptive());
        if (last) submit_release(step, trail.executed, trail, moves);
        return trail;
    }
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
