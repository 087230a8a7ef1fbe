#include "policies/schedule/streamed_blocks.h"

#include <algorithm>

#include "policies/schedule/pipeline_scheduler.h"

namespace swaplab {

namespace {

// read(i) after read(i-1), waiting for its place in the arena; execute(i) after its swap-in and
// execute(i-1); release(i) after execute(i). With a copy, copy(i) also after copy(i-1).
class StreamedBlocks final : public PipelineScheduler {
  public:
    explicit StreamedBlocks(const SchedulerSetup& setup)
        : PipelineScheduler(setup, most_held(setup)) {}

  private:
    Trail submit_block(const Step& step, Moves& moves) override {
        const JobRun& job = step.job;
        const Wait read_after = job.before.read | job.blocks[step.block].released;
        if (step.kept()) return submit_kept(step, read_after, job.before.copied, moves);
        Trail trail;
        submit_swap_in(step, read_after, job.before.copied, trail, moves);
        submit_execution(step, trail.assembled | job.before.executed, trail, moves);
        return trail;
    }

    // As many blocks as any job's rings hold at once, and one that waits for its place.
    static int most_held(const SchedulerSetup& setup) {
        int most = 1;
        for (const JobId j : setup.facts.ids())
            for (const Variant& variant : setup.deployment.jobs[j].variants) {
                const std::span blocks =
                    std::span(setup.facts[j]).subspan(variant.first, variant.size());
                const int staged = variant.staging ? most_in(*variant.staging, blocks) : 0;
                most = std::max(most, staged + most_in(variant.arena, blocks) + 1);
            }
        return most;
    }
    // The most neighbours that fit together, the first block following the last; where tables come
    // in by rows, in a pass of one token.
    static int most_in(const ArenaPlan& ring, std::span<const BlockFacts> blocks) {
        std::size_t first = 0;
        std::size_t most = 0;
        Bytes held;
        for (std::size_t last = 0; last < 2 * blocks.size(); ++last) {
            held += blocks[last % blocks.size()].held_in(1);
            while (held > ring.capacity) held -= blocks[first++ % blocks.size()].held_in(1);
            most = std::max(most, std::min(last + 1 - first, blocks.size()));
        }
        return static_cast<int>(most);
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_streamed_blocks(const SchedulerSetup& setup) {
    return std::make_unique<StreamedBlocks>(setup);
}

}  // namespace swaplab
