#include "policies/systems/demand_layering/scheduler.h"

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

// Step t = {read(t), copy(t-1) and its assembly, execute(t-2) and its release} after everything of
// step t-1. A layer without parameters takes a step of its own.
class SyncScheduler final : public PipelineScheduler {
  public:
    // The two blocks that a job holds back until later blocks drive them on are not submitted
    // ahead, and do not count.
    explicit SyncScheduler(const SchedulerSetup& setup) : PipelineScheduler(setup) {
        for (const auto& blocks : setup.facts) {
            StepState& state = states_.emplace_back();
            state.released.resize(blocks.size());
            state.trails.resize(blocks.size());
        }
    }

  private:
    struct StepState {
        Wait barrier;  // everything of the step before
        std::optional<Step> copying, executing;
        IdVector<BlockId, Wait> released;
        IdVector<BlockId, Trail> trails;

        bool holds() const { return copying || executing; }
    };

    Trail submit_block(const Step& step, Moves& moves) override {
        count_executions(advance(states_[step.job.id], &step, moves) - 1);
        return {};
    }

    // A lone layer may not be read again in the step that still executes it, and jobs that
    // alternate keep their order of execution: both finish their steps before the next request
    // begins.
    bool end_pass(JobRun& job, bool continues) override {
        return !(continues && job.variant->size() > 1) && states_[job.id].holds();
    }
    bool submit_held(JobRun& job, Moves& moves) override {
        count_executions(advance(states_[job.id], nullptr, moves));
        return states_[job.id].holds();
    }

    void on_all_released(JobRun& job, const Wait& gone) override {
        StepState& state = states_[job.id];
        changing(state.copying).reset();
        changing(state.executing).reset();
        changing(state.barrier) |= gone;
    }

    // Submits one step; returns how many executions it had.
    int advance(StepState& state, const Step* reading, Moves& moves) {
        const int executions = state.executing ? 1 : 0;
        Wait done;
        bool any = false;
        if (state.executing) {
            Trail& trail = changing(state.trails[state.executing->block]);
            submit_use(*state.executing, state.barrier, trail, moves);
            const bool leaves = state.executing->facts.used_for == 0 && ends_stay(*state.executing);
            if (!state.executing->kept() || leaves)
                submit_release(*state.executing, trail.executed, trail, moves);
            changing(state.released[state.executing->block]) = trail.released;
            done |= trail.executed | trail.released;
            done |= submit_last_uses(*state.executing, trail.executed, moves);
            any = true;
        }
        if (state.copying && is_missing(*state.copying)) {
            Trail& trail = changing(state.trails[state.copying->block]);
            submit_rest(*state.copying, trail, state.barrier, moves);
            done |= trail.assembled;
            any = true;
        }
        if (reading != nullptr && is_missing(*reading)) {
            Trail& trail = changing(state.trails[reading->block]);
            submit_read(*reading,
                        state.barrier | state.released[reading->block] |
                            reading->job.blocks[reading->block].released,
                        trail, moves);
            done |= trail.read;
            any = true;
        }
        if (any) changing(state.barrier) = done;
        shift(state, reading);
        return executions;
    }

    static bool is_missing(const Step& step) { return !step.life().missing().empty(); }

    void shift(StepState& state, const Step* reading) {
        changing(state.executing).reset();
        if (state.copying) state.executing.emplace(*state.copying);
        changing(state.copying).reset();
        if (reading != nullptr) state.copying.emplace(*reading);
    }

    IdVector<JobId, StepState> states_;
};

}  // namespace

std::unique_ptr<Scheduler> make_sync_scheduler(const SchedulerSetup& setup) {
    return std::make_unique<SyncScheduler>(setup);
}

}  // namespace swaplab
