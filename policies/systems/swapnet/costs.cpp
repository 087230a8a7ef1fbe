#include "policies/systems/swapnet/costs.h"

#include "policies/plan/partition_planner.h"
#include "profiles/base/hash.h"

namespace swaplab {

SwapnetCosts::SwapnetCosts(const PartitionRequest& request, SwapPath path)
    : model_(&request.cost.model()),
      finest_(static_cast<std::uint32_t>(model_->finest_blocks().size())),
      copies_(peak_copies(path, request.cost.node().compute)),
      in_(std::size_t{finest_} * (finest_ + 1)),
      execute_(in_.size()),
      out_(in_.size()),
      held_(in_.size()),
      active_(in_.size()) {
    for (std::uint32_t i = 0; i < finest_; ++i) fill_row(request, path, i);
    if (!model_->brings_plainly()) make_monotone();
}

void SwapnetCosts::make_monotone() {
    for (std::uint32_t i = finest_; i-- > 0;)
        for (std::uint32_t j = i + 1; j <= finest_; ++j)
            for (std::vector<std::int64_t>* const table : {&in_, &out_, &held_}) {
                std::int64_t& value = (*table)[index(i, j)];
                if (j > i + 1) value = std::max(value, (*table)[index(i, j - 1)]);
                if (i + 1 < j) value = std::max(value, (*table)[index(i + 1, j)]);
            }
}

Block SwapnetCosts::block(std::uint32_t i, std::uint32_t j) const {
    return {model_->finest_blocks()[i].first, model_->finest_blocks()[j - 1].last};
}

std::string SwapnetCosts::digest() const {
    std::string digests = std::to_string(copies_);
    for (const auto* numbers : {&in_, &execute_, &out_, &held_, &active_})
        digests += hex_digest({reinterpret_cast<const char*>(numbers->data()),
                               numbers->size() * sizeof(std::int64_t)});
    return digests;
}

void SwapnetCosts::fill_row(const PartitionRequest& request, SwapPath path, std::uint32_t i) {
    GrowingBlock block(request.cost, path, model_->finest_blocks()[i].first);
    for (std::uint32_t j = i + 1; j <= finest_; ++j) {
        block.extend(model_->finest_blocks()[j - 1].last);
        const BlockFacts& facts = block.facts();
        const std::size_t at = index(i, j);
        in_[at] = facts.swap_in().count();
        execute_[at] = facts.use().count();
        out_[at] = facts.swap_out().count();
        held_[at] = facts.held_bytes.count;
        active_[at] = counted(facts.activations, request.account).count;
    }
}

}  // namespace swaplab
