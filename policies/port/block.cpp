#include "policies/port/block.h"

#include <algorithm>

namespace swaplab {

namespace {

// One token's share of what a prompt needs, rounded up (ours).
Bytes one_token_of(Bytes bytes, std::int64_t prompt_tokens) {
    return {(bytes.count + prompt_tokens - 1) / prompt_tokens};
}

double ns_with_added(const CostModel& cost, const SwapPathRow& path, Verb verb,
                     const Features& features, Bytes stored) {
    const Activity activity = *row_of(verb).activity;
    double ns = 0;
    for (const AddedCost& added : path.added)
        if (added.to == activity) ns += cost.ns(added.cost, features, stored);
    return ns + cost.ns(activity, features, stored);
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

GrowingBlock::GrowingBlock(const CostModel& cost, SwapPath path, std::uint32_t first_unit)
    : cost_(&cost),
      path_(&row_of(path, cost.node().compute)),
      first_byte_(to_duration(cost.first_byte_ns())) {
    facts_.units = {first_unit, first_unit};
    for (const SwapStep step : path_->steps)
        if (step.copy == 0) price(step.verb);
    if (!path_->steps.empty()) price(kSwapOut);
    if (cost.model().passes() == 1) return;
    prompt_ns_ = cost.execute_per_block_ns();
    Decoding& decoding = facts_.decoding.emplace();
    decoding.passes = static_cast<std::uint32_t>(cost.model().passes());
    decoding.prompt_tokens = cost.model().spec().prompt_tokens;
    decoding.cost.ns = cost.execute_per_block_ns();
}

void GrowingBlock::extend_decoding(UnitRange more) {
    const Model& model = cost_->model();
    for (const UnitId unit : more) {
        prompt_ns_ += cost_->prompt_unit_ns(unit);
        facts_.decoding->cost += cost_->decode_unit_cost(unit);
        facts_.decoding->kv_per_token += model.kv_bytes_per_token(unit);
    }
    facts_.decoding->prompt = to_duration(prompt_ns_);
}

void GrowingBlock::extend(std::uint32_t last) {
    const Model& model = cost_->model();
    const UnitRange more{facts_.units.last, last};
    const ActivationPeak peak = model.activation_peak(more);
    if (peak.total() > facts_.activations.total()) facts_.activations = peak;
    for (const UnitId unit : more) execute_ns_ += cost_->execute_unit_ns(unit);
    if (facts_.decoding) extend_decoding(more);
    facts_.units.last = last;
    const Features features = cost_->features(facts_.units);
    facts_.parameter_bytes = features.bytes;
    facts_.stored_bytes = cost_->stored_bytes(facts_.units);
    facts_.held_bytes =
        align_up(std::max(features.bytes, facts_.stored_bytes), cost_->node().memory.alignment);
    facts_.tensors = features.tensors;
    facts_.flops = features.flops;
    facts_.live_out = model.live_across(last);
    take_durations(features);
}

void GrowingBlock::price(Verb verb) {
    const Activity activity = *row_of(verb).activity;
    const bool plain =
        std::ranges::find(path_->added, activity, &AddedCost::to) == path_->added.end();
    priced_[verbs_priced_++] = {verb, plain ? cost_->plain_line(activity) : nullptr,
                                cost_->scale_of(activity), activity == Activity::read};
}

void GrowingBlock::take_durations(const Features& features) {
    facts_.durations[index_of(kUse)] = to_duration(execute_ns_ + cost_->execute_per_block_ns());
    if (!facts_.has_parameters() || path_->steps.empty()) return;
    for (std::size_t i = 0; i < verbs_priced_; ++i) {
        const Priced& priced = priced_[i];
        const Bytes bytes = priced.stored ? facts_.stored_bytes : features.bytes;
        facts_.durations[index_of(priced.verb)] =
            priced.line != nullptr
                ? to_duration(cost_ns(*priced.line, features, bytes) * priced.scale)
                : with_added(priced.verb, features);
    }
    facts_.first_byte = std::min(first_byte_, facts_.of(path_->steps.front().verb));
    facts_.steps = path_->steps;
    facts_.way_in = {};
    for (const SwapStep step : path_->steps) facts_.way_in += facts_.of(step.verb);
}

Duration GrowingBlock::with_added(Verb verb, const Features& features) const {
    return to_duration(ns_with_added(*cost_, *path_, verb, features, facts_.stored_bytes));
}

double ns_of(const CostModel& cost, SwapPath path, Verb verb, Block block) {
    return ns_with_added(cost, row_of(path, cost.node().compute), verb, cost.features(block),
                         cost.stored_bytes(block));
}

BlockFacts facts_of(const CostModel& cost, Block block, SwapPath path) {
    GrowingBlock growing(cost, path, block.first);
    growing.extend(block.last);
    return growing.facts();
}

std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path) {
    std::vector<BlockFacts> facts;
    facts.reserve(blocks.size());
    for (const Block block : blocks) facts.push_back(facts_of(cost, block, path));
    return facts;
}

std::vector<Block> finest_blocks(const Model& model) {
    return {model.finest_blocks().begin(), model.finest_blocks().end()};
}

}  // namespace swaplab
