// R_j of the lower bound, and what every pass needs: whatever a policy keeps, brings or gathers
// (SEMANTICS: Bounds).
#include <algorithm>
#include <optional>
#include <vector>

#include "profiles/cost/cost.h"

namespace swaplab {
namespace {

// Before a layer executes, a pass has read the rows that were gathered so far, and all of what
// somebody needed whole: each is charged to the first layer that needs it, and of one owner's
// parameters never more than all of them.
class Charges {
  public:
    explicit Charges(const CostModel& cost)
        : cost_(cost),
          model_(cost.model()),
          // The shortest pass: that of one token where there may be one.
          tokens_(model_.spec().tokens > 0 ? 1 : model_.described_tokens()),
          owners_(model_.layer_count()) {}

    // What the layer's block reads beyond what it has of its own and reads whole.
    double charge(LayerId layer) {
        const Layer& content = model_.layer(layer);
        if (content.gathers()) return charge_rows(layer, model_.table_of(layer));
        double more_ns = 0;
        for (const LayerId owner : content.shares)
            more_ns += need(owner, whole_ns(owner), std::nullopt);
        owners_[layer.index] = {whole_ns(layer), content.parameter_bytes};
        return more_ns;
    }
    Bytes needed() const {
        Bytes sum;
        for (const Owner& owner : owners_) sum += owner.needed;
        return sum;
    }

  private:
    double whole_ns(LayerId owner) const {
        return cost_.whole_read_bound_ns(model_.layer(owner).bytes_on_storage());
    }
    double charge_rows(LayerId layer, LayerId table) {
        const std::int64_t rows = model_.rows_touched(layer, tokens_);
        const Bytes window = model_.window_bytes(layer);
        const LinearCost& line = cost_.node().read.cost;
        const double row_ns = line.per_request + line.per_byte * static_cast<double>(window.count);
        return need(table, static_cast<double>(rows) * row_ns, rows * window);
    }
    struct Owner {
        double charged_ns = 0;
        Bytes needed;
    };

    // Nothing of `bytes`: all of them.
    double need(LayerId id, double ns, std::optional<Bytes> bytes) {
        const Bytes all = model_.layer(id).parameter_bytes;
        Owner& owner = owners_[id.index];
        const double before = owner.charged_ns;
        owner.charged_ns = std::min(whole_ns(id), before + ns);
        owner.needed = std::min(all, owner.needed + bytes.value_or(all));
        return owner.charged_ns - before;
    }

    const CostModel& cost_;
    const Model& model_;
    std::int64_t tokens_;
    std::vector<Owner> owners_;  // by layer
};

}  // namespace

double CostModel::whole_read_bound_ns(Bytes stored) const {
    return (node_->read.cost.per_byte + table_per_byte_) * static_cast<double>(stored.count) +
           fewest_requests_ns(stored);
}

// Of a finest block, on storage.
Bytes CostModel::smallest_read() const {
    Bytes least = model_->parameter_bytes();
    for (const UnitRange block : model_->finest_blocks())
        if (const Bytes stored = stored_bytes(block); stored.count > 0)
            least = std::min(least, stored);
    return least;
}

// Without `request_bytes` a block of any size is one request, so merging may save them all.
double CostModel::fewest_requests_ns(Bytes stored) const {
    const LinearCost& cost = node_->read.cost;
    if (!cost.request_bytes) return 0;
    return cost.per_request *
           (static_cast<double>(stored.count) / static_cast<double>(cost.request_bytes->count));
}

double CostModel::read_bound_ns(UnitRange block) const {
    Bytes stored = stored_bytes(block);
    double more_ns = 0;
    if (!bound_parts_.empty())
        for (const UnitId unit : block) {
            stored -= bound_parts_[unit].left_out;
            more_ns += bound_parts_[unit].more_ns;
        }
    const Features read = features(block);
    // Layers without parameters of their own are not read where what they share is there already.
    if (read.bytes.count == 0) return more_ns * read_scale_;
    return (linear_cost_ns(node_->read.cost, read, stored) + fewest_requests_ns(stored) +
            table_per_byte_ * static_cast<double>(stored.count) + more_ns) *
           read_scale_;
}

void CostModel::find_bounds() {
    least_of_a_pass_ = parameter_bytes(model_->whole());
    if (model_->brings_plainly()) return;
    bound_parts_.resize(model_->unit_count());
    Charges charges(*this);
    for (std::uint32_t l = 0; l < model_->layer_count(); ++l) {
        BoundPart& part = bound_parts_[UnitId{model_->units_of({l}).first}];
        part.more_ns = charges.charge({l});
        const bool own_table = model_->layer({l}).gathers() && model_->table_of({l}).index == l;
        if (own_table) part.left_out = model_->layer({l}).bytes_on_storage();
    }
    least_of_a_pass_ = charges.needed();
}

}  // namespace swaplab
