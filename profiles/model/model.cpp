#include "profiles/model/model.h"

#include <algorithm>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/model_check.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

constexpr std::array<std::string_view, kOpClasses> kOpNames{
    "conv2d", "depthwise", "linear",      "matmul", "attention",
    "norm",   "embedding", "elementwise", "pool",   "other"};

// The last layer that reads each layer's output, and behind them the model's input; absent where
// nobody does.
std::vector<std::optional<std::size_t>> last_readers(const std::vector<Layer>& layers) {
    std::vector<std::optional<std::size_t>> last(layers.size() + 1);
    for (std::size_t reader = 0; reader < layers.size(); ++reader)
        for (const Source& source : layers[reader].inputs)
            last[source ? source->index : layers.size()] = reader;
    return last;
}

bool joined(const Layer& before, const Layer& layer) {
    return !layer.group.empty() && layer.group == before.group;
}

}  // namespace

std::string_view name_of(OpClass op) { return kOpNames[static_cast<std::size_t>(op)]; }

std::optional<OpClass> op_class_named(std::string_view name) {
    const auto found = std::ranges::find(kOpNames, name);
    if (found == kOpNames.end()) return std::nullopt;
    return static_cast<OpClass>(found - kOpNames.begin());
}

std::vector<std::string> op_class_names() { return {kOpNames.begin(), kOpNames.end()}; }

Model::Model(ModelSpec spec) : spec_(std::move(spec)) {
    check_model(spec_);
    if (spec_.tokens > 0 && spec_.prompt_tokens == 0) spec_.prompt_tokens = 1;
    const ModelTotals totals = checked_totals(spec_);
    parameter_bytes_ = totals.parameter_bytes;
    parameter_tensors_ = totals.parameter_tensors;
    macs_ = totals.macs;
    flops_ = totals.flops;
    kv_cache_bytes_ = totals.kv_cache_bytes;
    brings_plainly_ = std::ranges::none_of(
        spec_.layers, [](const Layer& layer) { return layer.gathers() || !layer.shares.empty(); });
    divide();
    find_live_bytes();
}

std::int64_t most_units_of(const Layer& layer) {
    if (!layer.group.empty() || layer.gathers() || !layer.shares.empty()) return 1;
    const std::int64_t bytes = layer.parameter_bytes.count;
    if (bytes == 0) return kMostUnitsOfLayer;
    const std::int64_t fewest = std::min(bytes, layer.bytes_on_storage().count);
    return std::clamp<std::int64_t>(fewest, 1, kMostUnitsOfLayer);
}

void Model::divide() {
    const std::vector<Layer>& layers = spec_.layers;
    first_unit_.reserve(layers.size());
    layer_of_.reserve(layers.size());
    for (std::uint32_t l = 0; l < layers.size(); ++l) {
        first_unit_.push_back(unit_count());
        const bool grows = l > 0 && joined(layers[l - 1], layers[l]);
        for (std::int64_t part = 0; part < layers[l].units; ++part) {
            const std::uint32_t unit = unit_count();
            layer_of_.push_back({l});
            if (!grows) finest_blocks_.push_back({unit, unit});
            finest_blocks_.back().last = unit + 1;
        }
    }
}

UnitRange Model::units_of(LayerId layer) const {
    const std::uint32_t first = first_unit_[layer];
    return {first, first + static_cast<std::uint32_t>(this->layer(layer).units)};
}

LayerPart Model::part_of(UnitId unit) const {
    const LayerId layer = layer_of(unit);
    return {unit.index - first_unit_[layer], static_cast<std::uint32_t>(this->layer(layer).units)};
}

// Inputs are read whole by each part, which writes its own part of the output (ours;
// SEMANTICS: Units).
Unit Model::unit(UnitId id) const {
    const Layer& layer = this->layer(layer_of(id));
    const LayerPart part = part_of(id);
    return {.layer = layer_of(id),
            .part = part,
            .parameter_bytes = share_of(layer.parameter_bytes, part),
            .bytes_on_storage = share_of(layer.bytes_on_storage(), part),
            .touched_bytes = touched_bytes(id, described_tokens()),
            .parameter_tensors = layer.parameter_tensors,
            .flops = 2 * share_of(layer.macs, part) + share_of(layer.other_ops, part),
            .activation_bytes = read_by(layer) + share_of(layer.output_bytes, part),
            .kv_bytes_per_token = kv_bytes_per_token(id)};
}

Bytes Model::read_by(const Layer& layer) const {
    Bytes bytes;
    for (const Source& source : layer.inputs)
        bytes += source ? this->layer(*source).output_bytes : spec_.input_bytes;
    return bytes;
}

LayerId Model::table_of(LayerId id) const {
    const Layer& layer = this->layer(id);
    return layer.shares.empty() ? id : layer.shares.front();
}

std::int64_t Model::rows_touched(LayerId id, std::int64_t tokens) const {
    const Layer& layer = this->layer(id);
    const std::int64_t of_all = rows_described(layer, spec_);
    return share_rounded_up(of_all, tokens, described_tokens());
}

Bytes Model::window_bytes(LayerId id) const {
    return window_of_row({layer(table_of(id)).parameter_bytes.count / layer(id).rows});
}

Bytes Model::touched_bytes(UnitId unit, std::int64_t tokens) const {
    const LayerId id = layer_of(unit);
    const Layer& layer = this->layer(id);
    if (layer.gathers()) {
        const Bytes row{this->layer(table_of(id)).parameter_bytes.count / layer.rows};
        return rows_touched(id, tokens) * row;
    }
    Bytes touched = share_of(layer.touched_bytes.value_or(layer.parameter_bytes), part_of(unit));
    for (const LayerId owner : layer.shares) touched += touched_whole(this->layer(owner));
    return touched;
}

const Layer* Model::divided_layer() const {
    const auto found =
        std::ranges::find_if(spec_.layers, [](const Layer& layer) { return layer.units > 1; });
    return found == spec_.layers.end() ? nullptr : &*found;
}

void require_whole_layers(const Model& model, std::string_view what) {
    const Layer* const divided = model.divided_layer();
    if (divided == nullptr) return;
    throw UnsupportedError(
        text("{} knows whole layers only, and layer {} of {} is divided into {} units", what,
             in_quotes(divided->name), model.name(), divided->units));
}

std::string Model::name_of(UnitId unit) const {
    const std::string& name = layer(layer_of(unit)).name;
    const LayerPart part = part_of(unit);
    return part.of == 1 ? name : text("{}[{}/{}]", name, part.number + 1, part.of);
}

std::string Model::name_of(UnitRange units) const {
    const std::string first = name_of(UnitId{units.first});
    return units.size() == 1 ? first : first + ".." + name_of(UnitId{units.last - 1});
}

// A result of the model, an output that nobody reads, stays alive to the end of the request.
void Model::find_live_bytes() {
    const std::vector<Layer>& layers = spec_.layers;
    const auto last_reader = last_readers(layers);
    std::vector<Bytes> last_read_by(layers.size());  // bytes that die with each layer
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (last_reader[i]) last_read_by[*last_reader[i]] += layers[i].output_bytes;
    }
    Bytes alive;
    if (const auto last = last_reader[layers.size()]) {
        alive = spec_.input_bytes;
        last_read_by[*last] += spec_.input_bytes;
    }
    live_across_.push_back({});
    for (std::size_t i = 0; i < layers.size(); ++i) {
        alive += layers[i].output_bytes;
        for (std::int64_t part = 0; part < layers[i].units; ++part) {
            peaks_.push_back({alive, layers[i].workspace_bytes});
            live_across_.push_back(alive);
        }
        live_across_.back() = alive -= last_read_by[i];
    }
    live_across_.back() = {};
}

ActivationPeak Model::activation_peak(UnitRange range) const {
    ActivationPeak peak;
    for (const UnitId unit : range)
        if (peaks_[unit].total() > peak.total()) peak = peaks_[unit];
    return peak;
}

}  // namespace swaplab
