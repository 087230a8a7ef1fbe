#include "policies/schedule/parallel_loads.h"

#include <algorithm>
#include <vector>

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

// read(k) after read(k-m), release(k-m-1); execute(i) after its assembly and execute(i-1);
// release(i) after execute(i). k goes on over the requests of a job.
class ParallelLoads final : public PipelineScheduler {
  public:
    explicit ParallelLoads(const SchedulerSetup& setup)
        : PipelineScheduler(setup, most_blocks_ahead(setup)) {
        for (const JobPlan& plan : setup.deployment.jobs) {
            const std::size_t agents = plan.parallel_reads;
            agents_.push_back({std::vector<Wait>(agents), std::vector<Wait>(agents + 1), 0});
        }
    }

  private:
    struct Agents {
        std::vector<Wait> reads;     // by k mod m: of the last m
        std::vector<Wait> releases;  // by k mod (m+1): of the last m+1
        std::size_t k = 0;
    };

    // The most blocks from one that executes to the last that may be held beside it.
    static int most_blocks_ahead(const SchedulerSetup& setup) {
        std::size_t most = 1;
        for (const JobId j : setup.facts.ids()) {
            const JobPlan& plan = setup.deployment.jobs[j];
            std::vector<std::size_t> loads;
            for (const BlockId b : setup.facts[j].ids())
                if (setup.facts[j][b].has_parameters() && !plan.keeps(b))
                    loads.push_back(b.index);
            most = std::max(most, reach(loads, setup.facts[j].size(), plan.parallel_reads + 1));
        }
        return static_cast<int>(most) + 1;
    }

    // The most blocks from a load to the one that may come in when it is released, over the ends of
    // passes. No block comes in again before it was released itself.
    static std::size_t reach(const std::vector<std::size_t>& loads, std::size_t blocks,
                             std::size_t held) {
        std::size_t most = 1;
        for (std::size_t k = 0; k < loads.size(); ++k) {
            const std::size_t next = k + held;
            const std::size_t at = loads[next % loads.size()] + next / loads.size() * blocks;
            most = std::max(most, std::min(at - loads[k], blocks));
        }
        return most;
    }

    Trail submit_block(const Step& step, Moves& moves) override {
        if (step.kept())
            return submit_kept(step, step.job.blocks[step.block].released, {}, moves);
        Trail trail;
        if (step.facts.has_parameters()) {
            Agents& agents = agents_[step.job.id];
            Wait& read = agents.reads[agents.k % agents.reads.size()];
            Wait& release = agents.releases[agents.k % agents.releases.size()];
            ++changing(agents.k);
            submit_swap_in(step, read | release | step.job.blocks[step.block].released, {}, trail,
                           moves);
            submit_execution(step, trail.assembled | step.job.before.executed, trail, moves);
            changing(read) = trail.read;
            changing(release) = trail.released;
        } else {
            submit_execution(step, step.job.before.executed, trail, moves);
        }
        return trail;
    }

    IdVector<JobId, Agents> agents_;
};

}  // namespace

std::unique_ptr<Scheduler> make_parallel_loads(const SchedulerSetup& setup) {
    return std::make_unique<ParallelLoads>(setup);
}

}  // namespace swaplab
