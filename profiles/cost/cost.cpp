#include "profiles/cost/cost.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// All terms but those of blocks and requests. Counts are integers, so that the cost of a block does
// not depend on how the sums over its layers were formed. `bytes`: of parameters, or on storage.
inline double linear_ns(const LinearCost& cost, const Features& features, Bytes bytes) {
    return cost.per_byte * static_cast<double>(bytes.count) +
           cost.per_tensor * static_cast<double>(features.tensors) +
           cost.per_layer * static_cast<double>(features.layers) +
           cost.per_flop * static_cast<double>(features.flops) +
           cost.per_activation_byte * static_cast<double>(features.activation_bytes.count);
}
inline double linear_ns(const LinearCost& cost, const Features& features) {
    return linear_ns(cost, features, features.bytes);
}

inline std::int64_t requests(const LinearCost& cost, Bytes bytes) {
    if (bytes.count == 0) return 0;
    if (!cost.request_bytes) return 1;
    SWAPLAB_CHECK(cost.request_bytes->count > 0, "a request of {} bytes",
                  cost.request_bytes->count);
    return (bytes.count - 1) / cost.request_bytes->count + 1;
}

Features features_of(const Unit& unit) {
    return {.bytes = unit.parameter_bytes,
            .tensors = unit.parameter_tensors,
            .layers = 1,
            .flops = unit.flops,
            .activation_bytes = unit.activation_bytes};
}

// What execution counts in a pass over so many tokens.
Features touched_features(const Model& model, const Unit& unit, UnitId id, std::int64_t tokens) {
    Features features = features_of(unit);
    features.bytes =
        tokens == model.described_tokens() ? unit.touched_bytes : model.touched_bytes(id, tokens);
    return features;
}

Features operator+(const Features& a, const Features& b) {
    return {a.bytes + b.bytes, a.tensors + b.tensors, a.layers + b.layers, a.flops + b.flops,
            a.activation_bytes + b.activation_bytes};
}

Features operator-(const Features& a, const Features& b) {
    return {a.bytes - b.bytes, a.tensors - b.tensors, a.layers - b.layers, a.flops - b.flops,
            a.activation_bytes - b.activation_bytes};
}

const Mode* mode_in_force(const Platform& platform, const Node& node) {
    if (platform.mode.empty()) return nullptr;
    const Mode* const mode = node.mode_named(platform.mode);
    if (mode == nullptr) {
        std::vector<std::string> known;
        for (const Mode& each : node.modes) known.push_back(each.name);
        throw InputError(text("device {} has no mode {}{}", in_quotes(platform.name),
                              in_quotes(platform.mode), suggestion(platform.mode, known)));
    }
    return mode;
}

const Duration* anchor_named(const Model& model, const std::string& key) {
    const auto found = model.spec().anchors.find(key);
    return found == model.spec().anchors.end() ? nullptr : &found->second;
}

// The factor that makes an execution of `whole_ns` last as long as was measured.
double anchor_factor(const Model& model, const std::string& key, Duration measured,
                     double whole_ns) {
    if (whole_ns > 0) return static_cast<double>(count_ns(measured)) / whole_ns;
    throw InputError(
        text("model {}: the anchor {} cannot be split over the layers: the device gives "
             "no cost to their execution",
             in_quotes(model.name()), in_quotes(key)));
}

// What execution is multiplied by. `own_ns` and `mode_ns` are the whole model as one block, by the
// device's own tables and by those of the mode. An anchor of the very mode stands above all; one of
// the device's own mode is reached there, and the mode changes it by its scale or its tables.
double execution_factor(const Model& model, const Platform& platform, const Mode* mode,
                        double own_ns, double mode_ns) {
    if (mode != nullptr) {
        const std::string key = platform.name + ":mode=" + mode->name;
        if (const auto* measured = anchor_named(model, key)) {
            return anchor_factor(model, key, *measured, mode_ns);
        }
    }
    const double scale = mode != nullptr ? mode->execute_scale : 1;
    if (const auto* measured = anchor_named(model, platform.name)) {
        return scale * anchor_factor(model, platform.name, *measured, own_ns);
    }
    return scale;
}

// `prompt_ns` is what the layer takes over the prompt: a measured time keeps its ratio to the line.
DecodeCost decode_cost(const Model& model, UnitId unit, const LinearCost& line, double prompt_ns) {
    const Layer& layer = model.layer(model.layer_of(unit));
    const std::int64_t tokens = model.spec().prompt_tokens;
    const auto prompt = static_cast<double>(tokens);
    const Features over_prompt = touched_features(model, model.unit(unit), unit, tokens);
    Features once = touched_features(model, model.unit(unit), unit, 1);
    once.flops = 0;
    once.activation_bytes = {};
    const double flops_ns = line.per_flop * static_cast<double>(over_prompt.flops);
    const double activations_ns =
        line.per_activation_byte * static_cast<double>(over_prompt.activation_bytes.count);
    const bool attends = layer.op == OpClass::attention;
    DecodeCost decode;
    decode.ns = linear_ns(line, once) + (activations_ns + (attends ? 0 : flops_ns)) / prompt;
    decode.per_context_ns =
        (attends ? flops_ns / (prompt * prompt) : 0) +
        line.per_activation_byte * static_cast<double>(layer.kv_bytes_per_token.count);
    const double line_ns = linear_ns(line, over_prompt);
    if (line_ns <= 0) return {prompt_ns / prompt, 0};
    return {decode.ns * prompt_ns / line_ns, decode.per_context_ns * prompt_ns / line_ns};
}

// What was measured of a layer, of one of its parts: each takes `ns_per_layer`, and its share of
// the rest.
double measured_ns(Duration layer, LayerPart part, const LinearCost& line) {
    const std::int64_t all = count_ns(layer);
    if (part.of == 1 || line.per_layer >= static_cast<double>(all)) return static_cast<double>(all);
    const auto once = static_cast<std::int64_t>(std::llround(line.per_layer));
    return static_cast<double>(once + share_of(all - once, part));
}

// A unit by one table. A time that was measured on the device's own mode moves with the lines: what
// the mode's table makes of the unit, relative to the device's own.
double unit_ns(const Model& model, UnitId id, bool measured, const ExecuteSpec& table,
               const ExecuteSpec& own_table) {
    const Unit unit = model.unit(id);
    const Layer& layer = model.layer(unit.layer);
    const Features features = touched_features(model, unit, id, model.described_tokens());
    const double line = linear_ns(table.of(layer.op), features);
    if (!measured || !layer.execute) return line;
    const double ns = measured_ns(*layer.execute, unit.part, own_table.of(layer.op));
    const double own_line = linear_ns(own_table.of(layer.op), features);
    return line == own_line || own_line == 0 ? ns : ns * line / own_line;
}

}  // namespace

DecodeCost& DecodeCost::operator+=(const DecodeCost& other) {
    ns += other.ns;
    per_context_ns += other.per_context_ns;
    return *this;
}

double cost_ns(const LinearCost& cost, const Features& features, Bytes bytes) {
    return linear_ns(cost, features, bytes) + cost.per_block +
           cost.per_request * static_cast<double>(requests(cost, bytes));
}

double cost_ns(const LinearCost& cost, const Features& features) {
    return cost_ns(cost, features, features.bytes);
}

double cost_ns(const LinearCost& cost, const Features& features, const Reading& reading) {
    return linear_ns(cost, features, reading.bytes) + cost.per_block +
           cost.per_request * static_cast<double>(reading.requests);
}

double linear_cost_ns(const LinearCost& cost, const Features& features, Bytes bytes) {
    return linear_ns(cost, features, bytes);
}

std::int64_t requests_of(const LinearCost& cost, Bytes bytes) { return requests(cost, bytes); }

CostModel::CostModel(const Model& model, const Platform& platform, NodeId node)
    : model_(&model), node_(&platform.node(node)), added_(row_of(platform.memory_kind).added) {
    const Mode* const mode = mode_in_force(platform, *node_);
    if (mode != nullptr) {
        read_scale_ = mode->read_scale;
        copy_scale_ = mode->copy_scale;
    }
    before_.resize(1);
    stored_before_.resize(1);
    for (const UnitId unit : model.whole()) {
        const Unit content = model.unit(unit);
        before_.push_back(before_.back() + features_of(content));
        stored_before_.push_back(stored_before_.back() + content.bytes_on_storage.count);
    }
    find_execution(platform, mode);
    table_per_byte_ = node_->read.least_per_byte(smallest_read());
    find_bounds();
}

void CostModel::find_execution(const Platform& platform, const Mode* mode) {
    const Model& model = *model_;
    const ExecuteSpec& own = node_->execute_table(nullptr, model.spec().dtype);
    const ExecuteSpec& table = node_->execute_table(mode, model.spec().dtype);
    table_ = &table;
    const bool measured = model.spec().measured_on == platform.name;
    double own_ns = 0;
    double mode_ns = 0;
    for (const UnitId id : model.whole()) {
        own_ns += unit_ns(model, id, measured, own, own);
        unit_ns_.push_back(unit_ns(model, id, measured, table, own));
        mode_ns += unit_ns_.back();
    }
    own_ns += own.other.per_block;
    mode_ns += table.other.per_block;
    const double factor = execution_factor(model, platform, mode, own_ns, mode_ns);
    for (double& ns : unit_ns_) ns *= factor;
    execute_per_block_ = table.other.per_block * factor;
    if (model.passes() > 1) average_over_passes(table);
}

void CostModel::average_over_passes(const ExecuteSpec& table) {
    prompt_ns_ = unit_ns_;
    const auto passes = static_cast<double>(model_->passes());
    // The contexts of the passes after the prompt run from prompt + 1 to prompt + passes - 1.
    const double context = static_cast<double>(model_->spec().prompt_tokens) + passes / 2;
    for (const UnitId unit : model_->whole()) {
        const LinearCost& line = table.of(model_->layer(model_->layer_of(unit)).op);
        decode_.push_back(decode_cost(*model_, unit, line, prompt_ns_[unit]));
        unit_ns_[unit] = (prompt_ns_[unit] + (passes - 1) * decode_.back().at(context)) / passes;
    }
}

Features CostModel::features(UnitRange block) const {
    return before_[block.last] - before_[block.first];
}

Bytes CostModel::parameter_bytes(UnitRange block) const {
    return before_[block.last].bytes - before_[block.first].bytes;
}

Bytes CostModel::stored_bytes(UnitRange block) const {
    return {stored_before_[block.last] - stored_before_[block.first]};
}

double CostModel::ns(Activity activity, UnitRange block) const {
    if (activity == Activity::execute) return execute_bound_ns(block) + execute_per_block_;
    const Bytes stored = stored_bytes(block);
    return ns(activity, features(block), {stored, requests(node_->read.cost, stored)});
}

double CostModel::ns(Activity activity, const Features& block, const Reading& reading) const {
    if (block.bytes.count == 0) return 0;
    double ns = line_ns(activity, block, reading) * scale_of(activity);
    for (const AddedCost& added : added_)
        if (added.to == activity) ns += cost_ns(node_->cost(added.cost), block);
    return ns;
}

double CostModel::line_ns(Activity activity, const Features& block, const Reading& reading) const {
    const LinearCost& line = node_->cost(activity);
    if (activity != Activity::read) return cost_ns(line, block);
    const Bytes whole = reading.bytes - reading.by_rows;
    return (whole.count > 0 ? node_->read.table_ns(whole) : 0) + reading.rows_ns +
           cost_ns(line, block, reading);
}

const LinearCost* CostModel::plain_line(Activity activity) const {
    const bool by_table = activity == Activity::read && !node_->read.table.empty();
    const bool added = std::ranges::find(added_, activity, &AddedCost::to) != added_.end();
    return added || by_table ? nullptr : &node_->cost(activity);
}

double CostModel::per_block_ns(Activity activity) const {
    double ns = node_->cost(activity).per_block * scale_of(activity);
    for (const AddedCost& added : added_)
        if (added.to == activity) ns += node_->cost(added.cost).per_block;
    return ns;
}

double CostModel::scale_of(Activity activity) const {
    if (activity == Activity::read) return read_scale_;
    return activity == Activity::copy ? copy_scale_ : 1;
}

Features CostModel::execute_features(UnitId unit) const {
    return touched_features(*model_, model_->unit(unit), unit, model_->described_tokens());
}

double CostModel::prompt_unit_ns(UnitId unit, const Model& scaled) const {
    const LinearCost& line = table_->of(model_->layer(model_->layer_of(unit)).op);
    const std::int64_t tokens = scaled.described_tokens();
    const double described = linear_ns(line, execute_features(unit));
    if (described <= 0)
        return prompt_unit_ns(unit) * static_cast<double>(tokens) /
               static_cast<double>(model_->described_tokens());
    const Features over = touched_features(scaled, scaled.unit(unit), unit, tokens);
    return prompt_unit_ns(unit) * (linear_ns(line, over) / described);
}

double CostModel::execute_bound_ns(UnitRange block) const {
    double sum = 0;
    for (const UnitId unit : block) sum += unit_ns_[unit];
    return sum;
}

double CostModel::prompt_bound_ns(UnitRange block) const {
    double sum = 0;
    for (const UnitId unit : block) sum += prompt_unit_ns(unit);
    return sum;
}

}  // namespace swaplab
