#include "policies/swapnet_costs.h"

#include "policies/runtime/partition_planner.h"

namespace swaplab {

SwapnetCosts::SwapnetCosts(const PartitionRequest& request, SwapPath path)
    : model_(&request.cost.model()),
      units_(static_cast<std::uint32_t>(model_->units().size())),
      copies_(peak_copies(path, request.cost.node().compute)),
      in_(std::size_t{units_} * (units_ + 1)),
      execute_(in_.size()),
      out_(in_.size()),
      held_(in_.size()),
      active_(in_.size()) {
    for (std::uint32_t i = 0; i < units_; ++i) fill_row(request, path, i);
}

LayerRange SwapnetCosts::layers(std::uint32_t i, std::uint32_t j) const {
    return {model_->units()[i].first, model_->units()[j - 1].last};
}

// One row extends the block unit by unit, so that sums and peaks over layers are not taken anew.
void SwapnetCosts::fill_row(const PartitionRequest& request, SwapPath path, std::uint32_t i) {
    const CostModel& cost = request.cost;
    const std::uint32_t copies = copies_of(path, cost.node().compute);
    double execute = 0;
    Bytes active;
    for (std::uint32_t j = i + 1; j <= units_; ++j) {
        const LayerRange unit = model_->units()[j - 1];
        for (std::uint32_t l = unit.first; l < unit.last; ++l) execute += cost.execute_layer_ns(l);
        active = std::max(active, counted(model_->activation_peak(unit), request.account));
        const LayerRange block = layers(i, j);
        const std::size_t at = index(i, j);
        execute_[at] = to_duration(execute + cost.execute_per_block_ns()).count();
        active_[at] = active.count;
        const Bytes bytes = cost.parameter_bytes(block);
        if (bytes.count == 0) continue;
        const double dummy = path == SwapPath::standard ? cost.instantiate_ns(block) : 0.0;
        in_[at] = to_duration(cost.read_ns(block)).count() +
                  (copies > 0 ? copies * to_duration(cost.copy_ns(block)).count() : 0) +
                  to_duration(dummy + cost.assemble_ns(block)).count();
        out_[at] = to_duration(cost.release_ns(block)).count();
        held_[at] = align_up(bytes, cost.node().memory.alignment).count;
    }
}

}  // namespace swaplab
