#include "policies/schedule/cached_blocks.h"

#include <algorithm>

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

class CachedBlocks final : public PipelineScheduler {
  public:
    CachedBlocks(const SchedulerSetup& setup, ReleasedBefore before)
        : PipelineScheduler(setup), before_(before), caches_(setup.facts.size()) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        BlockCache& cache = cache_of(step);
        if (!step.life().missing().empty())
            for (const BlockId gone : cache.bring(step.block, step.facts.held_in(step.pass),
                                                  step.facts.copies() + 1))
                release(step, gone, moves);
        Trail trail;
        submit_swap_in(step, last_, {}, trail, moves);
        submit_use(step, trail.assembled | last_, trail, moves);
        changing(last_) = trail.executed;
        cache.use(step.block);
        if (ends_request(step) && is_last_queued(step))
            release_all(step, cache, moves);
        else if (step.life().may_leave() && comes_by_rows(step.facts))
            release_from(step, step.block, cache, moves);
        trail.released = last_;
        return trail;
    }

    // Nothing stays where another variant begins: its cache is empty then.
    BlockCache& cache_of(const Step& step) {
        std::optional<BlockCache>& cache = changing(caches_[step.job.id]);
        const Variant& variant = *step.job.variant;
        if (!cache || (step.begins_pass() && cache->all().empty()))
            cache.emplace(variant.arena.capacity, variant.size(), before_);
        return *cache;
    }
    static bool ends_request(const Step& step) {
        return step.last_pass() && step.job.variant->ends_with(step.block);
    }
    // Other rows in the next pass: what is there is no use then.
    static bool comes_by_rows(const BlockFacts& facts) {
        return std::ranges::any_of(facts.brought, &BroughtLayer::by_rows);
    }

    void release(const Step& step, BlockId block, Moves& moves) {
        const Step gone{step.job, step.request, step.pass, block, step.job.facts[block]};
        Trail trail;
        submit_release(gone, last_, trail, moves);
        changing(last_) = trail.released;
    }
    void release_from(const Step& step, BlockId block, BlockCache& cache, Moves& moves) {
        cache.release(block);
        release(step, block, moves);
    }
    void release_all(const Step& step, BlockCache& cache, Moves& moves) {
        for (const BlockId block : cache.all()) release_from(step, block, cache, moves);
    }

    // All that it held is released.
    void on_all_released(JobRun& job, const Wait& gone) override {
        changing(caches_[job.id]).reset();
        changing(last_) |= gone;
    }

    ReleasedBefore before_;
    IdVector<JobId, std::optional<BlockCache>> caches_;
    Wait last_;  // over all jobs
};

}  // namespace

std::unique_ptr<Scheduler> make_cached_blocks(const SchedulerSetup& setup, ReleasedBefore before) {
    return std::make_unique<CachedBlocks>(setup, before);
}

}  // namespace swaplab
