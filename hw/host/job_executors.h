// The executors of one job. Each row of a job's lookup table is a cut of its own and has an
// executor of its own; here, blocks go by the job's BlockIds.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "policies/port/deployment.h"
#include "policies/port/executor.h"
#include "profiles/base/digests.h"

namespace swaplab {

// Of memory that was not there though the budget was kept: the model's file promised less.
InputError more_than_planned(const OutOfMemory& error);

class JobExecutors {
  public:
    JobExecutors() = default;  // none: nothing is executed
    // `facts` of the plan's blocks. Activations are allocated from `activations`, which outlives
    // this.
    JobExecutors(JobId job, const JobPlan& plan, const IdVector<BlockId, BlockFacts>& facts,
                 const ExecutorFactory& make, ActivationMemory& activations);

    bool empty() const { return executors_.empty(); }

    // As `Executor`'s.
    void bind(BlockId block, std::byte* at, std::span<const BroughtAt> brought) {
        of(block).bind_with(there(block), at, brought);
    }
    std::vector<std::int64_t> rows(RequestId request, std::uint32_t pass, BlockId block,
                                   LayerId table) const {
        return executors_[places_[block].variant]->rows(request, pass, there(block), table);
    }
    void unbind(BlockId block) { of(block).unbind(there(block)); }
    void execute(RequestId request, std::uint32_t pass, BlockId block);

    // Of every request that has executed its last layer, in order; any thread.
    Digests outputs() const;

  private:
    struct Place {
        std::uint32_t variant = 0;
        BlockId there;      // in its executor
        bool last = false;  // a pass ends with it
    };

    Executor& of(BlockId block) { return *executors_[places_[block].variant]; }
    BlockId there(BlockId block) const { return places_[block].there; }

    std::vector<std::unique_ptr<Executor>> executors_;  // by variant
    IdVector<BlockId, Place> places_;
    struct Outputs {
        std::mutex mutex;
        Digests all;
    };
    std::unique_ptr<Outputs> outputs_ = std::make_unique<Outputs>();
};

}  // namespace swaplab
