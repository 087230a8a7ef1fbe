#include "hw/host/job_executors.h"

#include <optional>
#include <utility>

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
    std::vector<Block> blocks;
    for (const Variant& variant : plan.variants)
        for (const BlockId b : variant.blocks()) {
            ends_pass_.push_back(variant.ends_with(b));
            blocks.push_back(facts[b].units);
        }
    executor_ = make(job, blocks, activations);
}

void JobExecutors::execute(RequestId request, std::uint32_t pass, BlockId block) {
    executor_->execute(request, pass, block);
    if (!ends_pass_[block]) return;
    std::optional<std::string> digest = executor_->output_digest(request);
    if (!digest) return;  // it makes none, or this was not the last pass
    const std::lock_guard lock(outputs_->mutex);
    outputs_->all.push_back(std::move(*digest));
}

Digests JobExecutors::outputs() const {
    const std::lock_guard lock(outputs_->mutex);
    return outputs_->all;
}

}  // namespace swaplab
