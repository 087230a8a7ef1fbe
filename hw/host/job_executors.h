// The executor of one job, if it has one, and which requests it has executed.
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

    bool empty() const { return executor_ == nullptr; }

    // As `Executor`'s.
    void bind(BlockId block, std::byte* at, std::span<const BroughtAt> brought) {
        executor_->bind_with(block, at, brought);
    }
    std::vector<std::int64_t> rows(RequestId request, std::uint32_t pass, BlockId block,
                                   LayerId table) const {
        return executor_->rows(request, pass, block, table);
    }
    void unbind(BlockId block) { executor_->unbind(block); }
    void execute(RequestId request, std::uint32_t pass, BlockId block);

    // Of every request that has executed its last layer, in order; any thread.
    Digests outputs() const;

  private:
    std::unique_ptr<Executor> executor_;
    IdVector<BlockId, bool> ends_pass_;
    struct Outputs {
        std::mutex mutex;
        Digests all;
    };
    std::unique_ptr<Outputs> outputs_ = std::make_unique<Outputs>();
};

}  // namespace swaplab
