// direct: everything is resident before the run; the reference of `slowdown`. A framework keeps two
// copies of the parameters for a GPU (SwapNet counts them), one for a CPU. It takes no budget.
#include "policies/plan/fewest_blocks.h"
#include "policies/plan/partition_planner.h"
#include "policies/schedule/parameters.h"
#include "policies/schedule/pipeline_scheduler.h"
#include "policies/schedule/policy.h"

namespace swaplab {

namespace {

class DirectPlanner final : public Planner {
  public:
    explicit DirectPlanner(std::optional<std::uint32_t> copies) : copies_(copies) {}

    PlanOutcome plan(const PlanRequest& request) const override {
        Deployment deployment;
        for (const CostModel& cost : request.costs) {
            const std::uint32_t usual = cost.node().compute == ComputeKind::gpu ? 2 : 1;
            const std::vector<BlockFacts> parts = fewest_blocks(cost, SwapPath::resident);
            JobPlan job = plan_of_parts({}, SwapPath::resident, parts);
            job.resident_copies = copies_.value_or(usual);
            Duration executing{};
            for (const BlockFacts& part : parts) {
                job.budget += job.resident_copies * part.held_bytes;
                executing += part.use();
            }
            job.at_start().arena.capacity = job.budget;
            job.at_start().closed_form = executing;
            if (request.costs.size() == 1) deployment.closed_form = executing;
            deployment.jobs.push_back(std::move(job));
        }
        return deployment;
    }

  private:
    std::optional<std::uint32_t> copies_;
};

class DirectScheduler final : public PipelineScheduler {
  public:
    explicit DirectScheduler(const SchedulerSetup& setup) : PipelineScheduler(setup) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        Trail trail;
        submit_execution(step, step.job.before.executed, trail, moves);
        return trail;
    }
};

}  // namespace

Policy make_direct(const PolicyParameters& parameters, std::optional<SwapPath>) {
    const auto copies = count_or_auto(parameters, "copies", 2);
    Policy policy;
    policy.needs_budget = false;
    policy.planner = std::make_unique<DirectPlanner>(
        copies ? std::optional(static_cast<std::uint32_t>(*copies)) : std::nullopt);
    policy.make_scheduler = [](const SchedulerSetup& setup) {
        return std::make_unique<DirectScheduler>(setup);
    };
    return policy;
}

}  // namespace swaplab
