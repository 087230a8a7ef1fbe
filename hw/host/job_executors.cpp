#include "hw/host/job_executors.h"

#include <algorithm>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

InputError more_than_planned(const OutOfMemory& error) {
    return InputError(
        text("{}: the run takes more memory than the model's file says (output_bytes "
             "and workspace_bytes of its layers; input_bytes)",
             error.what()));
}

JobExecutors::JobExecutors(JobId job, const JobPlan& plan,
                           const IdVector<BlockId, BlockFacts>& facts, const ExecutorFactory& make,
                           ActivationMemory& activations) {
    for (const Variant& variant : plan.variants) {
        std::vector<Block> blocks;
        for (const BlockId b : variant.blocks()) {
            places_.push_back({static_cast<std::uint32_t>(executors_.size()),
                               {b.index - variant.first},
                               variant.ends_with(b)});
            blocks.push_back(facts[b].units);
        }
        executors_.push_back(make(job, blocks, activations));
    }
}

void JobExecutors::execute(RequestId request, std::uint32_t pass, BlockId block) {
    Executor& executor = of(block);
    executor.execute(request, pass, there(block));
    if (!places_[block].last) return;
    std::optional<std::string> digest = executor.output_digest(request);
    if (!digest) return;  // it makes none, or this was not the last pass
    const std::lock_guard lock(outputs_->mutex);
    outputs_->all.push_back(std::move(*digest));
}

Digests JobExecutors::outputs() const {
    const std::lock_guard lock(outputs_->mutex);
    return outputs_->all;
}

}  // namespace swaplab
