#include "profiles/cost/brought.h"

#include <algorithm>

namespace swaplab {

Brought::Brought(const CostModel& cost, std::uint32_t first_unit, const Staying& staying)
    : cost_(&cost),
      first_unit_(first_unit),
      staying_(staying),
      watches_(!cost.model().brings_plainly() && !staying.all) {}

bool Brought::by_rows() const { return std::ranges::any_of(layers_, &BroughtLayer::by_rows); }

void Brought::add_layer(UnitId unit) {
    const LayerId id = cost_->model().layer_of(unit);
    const Layer& layer = cost_->model().layer(id);
    if (layer.gathers()) {
        need_rows(id);
    } else {
        for (const LayerId owner : layer.shares) need_all(owner);
        if (layer.shares.empty()) return;
    }
    described_ = amounts(false);
    token_ = amounts(true);
}

BroughtLayer* Brought::known(LayerId owner) {
    const auto found = std::ranges::find(layers_, owner, &BroughtLayer::owner);
    return found == layers_.end() ? nullptr : &*found;
}

bool Brought::is_there(LayerId owner) const {
    return staying_.earlier != nullptr && (*staying_.earlier)[owner.index];
}

// A layer gathers rows of its own table, or of one that it shares. Rows that several layers of the
// block gather come in for each of them (ours).
void Brought::need_rows(LayerId layer) {
    const Model& model = cost_->model();
    const LayerId owner = model.table_of(layer);
    const bool own = model.units_of(owner).first >= first_unit_;
    if (!own && is_there(owner)) return;
    // A block that stays, or in which somebody needs all of the table, has it whole.
    if (staying_.block) return need_all(owner);
    if (own && (!model.layer(owner).gathers() || std::ranges::count(whole_, owner) > 0)) return;
    BroughtLayer* table = known(owner);
    if (table != nullptr && !table->by_rows()) return;
    if (table == nullptr) table = &layers_.emplace_back(BroughtLayer{owner, own, 0, 0, {}, {}});
    const std::int64_t all = model.layer(layer).rows;
    const auto more = [&](std::int64_t rows, std::int64_t tokens) {
        return std::min(all, rows + model.rows_touched(layer, tokens));
    };
    table->rows = more(table->rows, model.described_tokens());
    table->rows_of_token = more(table->rows_of_token, 1);
    table->row = Bytes{model.layer(owner).parameter_bytes.count / all};
    table->window = model.window_bytes(layer);
}

void Brought::need_all(LayerId owner) {
    if (cost_->model().units_of(owner).first >= first_unit_) {
        if (cost_->model().layer(owner).gathers()) whole_.push_back(owner);
        std::erase_if(layers_, [&](const BroughtLayer& layer) { return layer.owner == owner; });
        return;
    }
    if (is_there(owner)) return;
    if (BroughtLayer* const table = known(owner))
        *table = {owner, false, 0, 0, {}, {}};
    else
        layers_.push_back({owner, false, 0, 0, {}, {}});
}

BroughtAmounts Brought::amounts(bool of_token) const {
    const Model& model = cost_->model();
    const Bytes alignment = cost_->node().memory.alignment;
    const LinearCost& read = cost_->node().read.cost;
    BroughtAmounts sum;
    for (const BroughtLayer& brought : layers_) {
        const Layer& owner = model.layer(brought.owner);
        const std::int64_t rows = brought.rows_in(of_token ? 1 : 0);
        Bytes bytes = owner.parameter_bytes;
        Bytes stored = owner.bytes_on_storage();
        if (brought.own) {
            sum.not_own += bytes;
            sum.stored_not_own += stored;
        } else {
            sum.tensors += owner.parameter_tensors;
        }
        if (brought.by_rows()) bytes = stored = rows * brought.window;
        sum.bytes += bytes;
        sum.stored += stored;
        sum.held += align_up(std::max(bytes, stored), alignment);
        sum.requests += brought.by_rows() ? rows : requests_of(read, stored);
        if (!brought.by_rows()) continue;
        const ReadSpec& spec = cost_->node().read;
        const std::int64_t depth = spec.depth.value_or(1);
        sum.by_rows += stored;
        sum.rows_ns +=
            static_cast<double>((rows + depth - 1) / depth) * spec.table_ns(brought.window);
    }
    return sum;
}

}  // namespace swaplab
