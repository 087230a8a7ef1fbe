#include "policies/schedule/one_at_a_time.h"

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

class OneAtATime final : public PipelineScheduler {
  public:
    explicit OneAtATime(const SchedulerSetup& setup) : PipelineScheduler(setup) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        if (step.kept()) {
            // Its last release may be going on: nothing of what followed has waited for it.
            const Wait left = step.job.blocks[step.block].released;
            Trail trail = submit_kept(step, last_ | left, {}, moves);
            changing(last_) = trail.executed;
            return trail;
        }
        Trail trail;
        submit_swap_in(step, last_, {}, trail, moves);
        submit_execution(step, trail.assembled, trail, moves);
        changing(last_) = trail.released;
        return trail;
    }

    void on_all_released(JobRun&, const Wait& gone) override { changing(last_) |= gone; }

    Wait last_;  // over all jobs
};

}  // namespace

std::unique_ptr<Scheduler> make_one_at_a_time(const SchedulerSetup& setup) {
    return std::make_unique<OneAtATime>(setup);
}

}  // namespace swaplab
