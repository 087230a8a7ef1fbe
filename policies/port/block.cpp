#include "policies/port/block.h"

#include <algorithm>

namespace swaplab {

namespace {

// One token's share of what a prompt needs, rounded up (ours).
Bytes one_token_of(Bytes bytes, std::int64_t prompt_tokens) {
    return {(bytes.count + prompt_tokens - 1) / prompt_tokens};
}

}  // namespace

std::uint32_t BlockFacts::copies() const {
    const auto brought = std::ranges::count_if(steps, brings, &SwapStep::verb);
    return brought > 0 ? static_cast<std::uint32_t>(brought) - 1 : 0;
}

Duration BlockFacts::use_in(std::uint32_t pass) const {
    if (pass == 0) return decoding->prompt;
    return to_duration(decoding->cost.at(static_cast<double>(decoding->prompt_tokens + pass)));
}

ActivationPeak BlockFacts::activations_in(std::uint32_t pass) const {
    if (pass == 0 || !decoding) return activations;
    return {one_token_of(activations.activations, decoding->prompt_tokens),
            one_token_of(activations.workspace, decoding->prompt_tokens)};
}

Bytes BlockFacts::live_out_in(std::uint32_t pass) const {
    return pass == 0 || !decoding ? live_out : one_token_of(live_out, decoding->prompt_tokens);
}

Bytes BlockFacts::kv_in(std::uint32_t pass) const {
    if (!decoding) return {};
    return (pass == 0 ? decoding->prompt_tokens : 1) * decoding->kv_per_token;
}

GrowingBlock::GrowingBlock(const CostModel& cost, SwapPath path, std::uint32_t first_layer)
    : cost_(&cost), path_(&swaplab::row_of(path, cost.node().compute)) {
    facts_.layers = {first_layer, first_layer};
    if (cost.model().passes() == 1) return;
    prompt_ns_ = cost.execute_per_block_ns();
    Decoding& decoding = facts_.decoding.emplace();
    decoding.passes = static_cast<std::uint32_t>(cost.model().passes());
    decoding.prompt_tokens = cost.model().spec().prompt_tokens;
    decoding.cost.ns = cost.execute_per_block_ns();
}

void GrowingBlock::extend_decoding(std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t l = first; l < last; ++l) {
        prompt_ns_ += cost_->prompt_layer_ns(l);
        facts_.decoding->cost += cost_->decode_layer_cost(l);
        facts_.decoding->kv_per_token += cost_->model().layer({l}).kv_bytes_per_token;
    }
    facts_.decoding->prompt = to_duration(prompt_ns_);
}

void GrowingBlock::extend(std::uint32_t last) {
    const Model& model = cost_->model();
    const ActivationPeak peak = model.activation_peak({facts_.layers.last, last});
    if (peak.total() > facts_.activations.total()) facts_.activations = peak;
    for (std::uint32_t l = facts_.layers.last; l < last; ++l)
        execute_ns_ += cost_->execute_layer_ns(l);
    if (facts_.decoding) extend_decoding(facts_.layers.last, last);
    facts_.layers.last = last;
    const LayerRange layers = facts_.layers;
    const Features features = cost_->features(layers);
    facts_.parameter_bytes = features.bytes;
    facts_.stored_bytes = cost_->stored_bytes(layers);
    facts_.held_bytes =
        align_up(std::max(features.bytes, facts_.stored_bytes), cost_->node().memory.alignment);
    facts_.tensors = features.tensors;
    facts_.flops = features.flops;
    facts_.live_out = model.live_across(last);
    take_durations(features);
}

void GrowingBlock::take_durations(const Features& features) {
    facts_.durations[index_of(kUse)] = to_duration(execute_ns_ + cost_->execute_per_block_ns());
    if (!facts_.has_parameters() || path_->steps.empty()) return;
    facts_.steps = path_->steps;
    facts_.way_in = {};
    for (const SwapStep step : path_->steps) {
        Duration& duration = facts_.durations[index_of(step.verb)];
        if (step.copy == 0) duration = duration_of(step.verb, features);
        facts_.way_in += duration;
    }
    facts_.durations[index_of(kSwapOut)] = duration_of(kSwapOut, features);
}

Duration GrowingBlock::duration_of(Verb verb, const Features& features) const {
    const Activity activity = *row_of(verb).activity;
    const double ns = cost_->ns(activity, features, facts_.stored_bytes);
    if (path_->added.empty()) [[likely]]
        return to_duration(ns);
    double added_ns = 0;
    for (const AddedCost& added : path_->added)
        if (added.to == activity) added_ns += cost_->ns(added.cost, features, facts_.stored_bytes);
    return to_duration(added_ns + ns);
}

BlockFacts facts_of(const CostModel& cost, LayerRange layers, SwapPath path) {
    GrowingBlock block(cost, path, layers.first);
    block.extend(layers.last);
    return block.facts();
}

std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path) {
    std::vector<BlockFacts> facts;
    facts.reserve(blocks.size());
    for (const Block& block : blocks) facts.push_back(facts_of(cost, block, path));
    return facts;
}

std::vector<Block> unit_blocks(const Model& model) {
    return {model.units().begin(), model.units().end()};
}

}  // namespace swaplab
