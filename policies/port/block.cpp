#include "policies/port/block.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// One token's share of what a prompt needs, rounded up (ours).
Bytes one_token_of(Bytes bytes, std::int64_t prompt_tokens) {
    return {(bytes.count + prompt_tokens - 1) / prompt_tokens};
}

double ns_with_added(const CostModel& cost, const SwapPathRow& path, Verb verb,
                     const Features& features, const Reading& reading) {
    const Activity activity = *row_of(verb).activity;
    double ns = 0;
    for (const AddedCost& added : path.added)
        if (added.to == activity) ns += cost.ns(added.cost, features, reading);
    return ns + cost.ns(activity, features, reading);
}

// What of that is paid once, whatever the block is.
double per_block_ns(const CostModel& cost, const SwapPathRow& path, Verb verb) {
    const Activity activity = *row_of(verb).activity;
    double ns = cost.per_block_ns(activity);
    for (const AddedCost& added : path.added)
        if (added.to == activity) ns += cost.per_block_ns(added.cost);
    return ns;
}

}  // namespace

void BlockFacts::stand_aside() {
    const Duration using_it = use();
    durations = {};
    durations[index_of(kUse)] = using_it;
    parameter_bytes = held_bytes = stored_bytes = {};
    tensors = 0;
    steps = {};
    way_in = first_byte = {};
    brought.clear();
    of_token.reset();
}

std::uint32_t BlockFacts::copies() const {
    const auto bringing = std::ranges::count_if(steps, brings, &SwapStep::verb);
    return bringing > 0 ? static_cast<std::uint32_t>(bringing) - 1 : 0;
}

Duration BlockFacts::use_in(std::uint32_t pass) const {
    if (pass == 0) return decoding->prompt;
    return to_duration(decoding->cost.at(static_cast<double>(decoding->prompt_tokens + pass)));
}

ActivationPeak BlockFacts::activations_in(std::uint32_t pass) const {
    return pass == 0 || !decoding ? activations : decoding->token_activations;
}

Bytes BlockFacts::live_out_in(std::uint32_t pass) const {
    return pass == 0 || !decoding ? live_out : decoding->token_live_out;
}

Bytes BlockFacts::kv_in(std::uint32_t pass) const {
    if (!decoding) return {};
    return (pass == 0 ? decoding->prompt_tokens : 1) * decoding->kv_per_token;
}

GrowingBlock::GrowingBlock(const CostModel& cost, SwapPath path, std::uint32_t first_unit,
                           const Staying& staying)
    : cost_(&cost),
      path_(&row_of(path, cost.node().compute)),
      continued_(staying.continued),
      first_byte_(to_duration(cost.first_byte_ns())) {
    // What is resident from before the run is there to the end.
    if (!path_->steps.empty()) brought_ = Brought(cost, first_unit, staying);
    facts_.units = {first_unit, first_unit};
    for (const SwapStep step : path_->steps)
        if (step.copy == 0) price(step.verb);
    if (!path_->steps.empty()) price(kSwapOut);
    if (cost.model().passes() == 1) return;
    prompt_ns_ = once(cost.execute_per_block_ns());
    Decoding& decoding = facts_.decoding.emplace();
    decoding.passes = static_cast<std::uint32_t>(cost.model().passes());
    decoding.prompt_tokens = cost.model().spec().prompt_tokens;
    decoding.cost.ns = once(cost.execute_per_block_ns());
}

void GrowingBlock::extend_decoding(UnitRange more) {
    const Model& model = cost_->model();
    for (const UnitId unit : more) {
        prompt_ns_ += cost_->prompt_unit_ns(unit);
        facts_.decoding->cost += cost_->decode_unit_cost(unit);
        facts_.decoding->kv_per_token += model.kv_bytes_per_token(unit);
    }
    const Decoding& decoding = *facts_.decoding;
    facts_.decoding->prompt = capped(prompt_ns_);
    capped(decoding.cost.at(static_cast<double>(decoding.prompt_tokens + decoding.passes)));
    const std::int64_t prompt = facts_.decoding->prompt_tokens;
    facts_.decoding->token_activations = {one_token_of(facts_.activations.activations, prompt),
                                          one_token_of(facts_.activations.workspace, prompt)};
    facts_.decoding->token_live_out = one_token_of(model.live_across(more.last), prompt);
}

void GrowingBlock::extend(std::uint32_t last) {
    const Model& model = cost_->model();
    const UnitRange more{facts_.units.last, last};
    const ActivationPeak peak = model.activation_peak(more);
    if (peak.total() > facts_.activations.total()) facts_.activations = peak;
    for (const UnitId unit : more) {
        execute_ns_ += cost_->execute_unit_ns(unit);
        brought_.add(unit);
    }
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
    facts_.durations[index_of(kUse)] = capped(execute_ns_ + once(cost_->execute_per_block_ns()));
    if (!brought_.layers().empty() || !facts_.brought.empty())
        take_brought();
    else
        take_swap(features,
                  {facts_.stored_bytes, requests_of(cost_->node().read.cost, facts_.stored_bytes)});
    if (too_long_ns_ > 0) [[unlikely]]
        refuse_too_long();
}

// The one place but `to_duration` where a cost becomes a duration.
Duration GrowingBlock::capped(double ns) {
    const double longest = static_cast<double>(count_ns(kLongestActivity));
    if (!(ns >= longest - 0.5)) [[likely]]
        return to_duration(ns);
    too_long_ns_ = std::max(too_long_ns_, ns);
    return std::isfinite(ns) ? kLongestActivity : to_duration(ns);
}

// A larger block may be cut.
void GrowingBlock::refuse_too_long() {
    facts_.held_bytes = Bytes{kMostInTotal + 1};
    const Model& model = cost_->model();
    if (std::ranges::find(model.finest_blocks(), facts_.units) == model.finest_blocks().end())
        return;
    throw InputError(
        text("{} of {}: one activity takes {} ns, expected less than 2^42 ns (73 "
             "minutes): divide it, or check the costs of the device",
             in_quotes(model.name_of(facts_.units)), model.name(), too_long_ns_));
}

// What the block holds and reads in a pass: its own layers' extent, and those brought besides.
void GrowingBlock::take_brought() {
    const Features own = cost_->features(facts_.units);
    const Bytes own_stored = cost_->stored_bytes(facts_.units);
    const Bytes alignment = cost_->node().memory.alignment;
    Features features = own;
    Reading reading;
    const auto load = [&](const BroughtAmounts& more) {
        const Bytes bytes = own.bytes - more.not_own;
        const Bytes stored = own_stored - more.stored_not_own;
        features.bytes = bytes + more.bytes;
        features.tensors = own.tensors + more.tensors;
        reading.bytes = stored + more.stored;
        reading.requests = requests_of(cost_->node().read.cost, stored) + more.requests;
        reading.by_rows = more.by_rows;
        reading.rows_ns = more.rows_ns;
        const Bytes held = align_up(std::max(bytes, stored), alignment) + more.held;
        return BlockFacts::Load{features.bytes, held, reading.bytes, {}};
    };
    facts_.of_token.reset();
    facts_.brought = brought_.layers();
    if (brought_.by_rows() && cost_->model().passes() > 1) {
        facts_.of_token = load(brought_.in_token());
        price_swap(features, reading, facts_.of_token->durations);
    }
    const BlockFacts::Load largest = load(brought_.in_described());
    facts_.parameter_bytes = largest.parameter_bytes;
    facts_.held_bytes = largest.held_bytes;
    facts_.stored_bytes = largest.stored_bytes;
    facts_.tensors = features.tensors;
    take_swap(features, reading);
}

void GrowingBlock::price(Verb verb) {
    const Activity activity = *row_of(verb).activity;
    const bool plain =
        std::ranges::find(path_->added, activity, &AddedCost::to) == path_->added.end();
    priced_[verbs_priced_++] = {verb, plain ? cost_->plain_line(activity) : nullptr,
                                cost_->scale_of(activity), activity == Activity::read};
}

void GrowingBlock::take_swap(const Features& features, const Reading& reading) {
    if (!facts_.has_parameters() || path_->steps.empty()) return;
    price_swap(features, reading, facts_.durations);
    facts_.first_byte = std::min(first_byte_, facts_.of(path_->steps.front().verb));
    facts_.steps = path_->steps;
    facts_.way_in = {};
    for (const SwapStep step : path_->steps) facts_.way_in += facts_.of(step.verb);
}

void GrowingBlock::price_swap(const Features& features, const Reading& reading,
                              BlockFacts::Durations& durations) {
    for (std::size_t i = 0; i < verbs_priced_; ++i) {
        const Priced& priced = priced_[i];
        double ns = 0;
        if (priced.line == nullptr)
            ns = with_added(priced.verb, features, reading);
        else if (priced.reads)
            ns = cost_ns(*priced.line, features, reading) * priced.scale;
        else
            ns = cost_ns(*priced.line, features) * priced.scale;
        if (continued_) [[unlikely]]
            ns -= per_block_ns(*cost_, *path_, priced.verb);
        durations[index_of(priced.verb)] = capped(ns);
    }
}

double GrowingBlock::with_added(Verb verb, const Features& features, const Reading& reading) const {
    return ns_with_added(*cost_, *path_, verb, features, reading);
}

double ns_of(const CostModel& cost, SwapPath path, Verb verb, Block block) {
    const Bytes stored = cost.stored_bytes(block);
    return ns_with_added(cost, row_of(path, cost.node().compute), verb, cost.features(block),
                         {stored, requests_of(cost.node().read.cost, stored)});
}

BlockFacts facts_of(const CostModel& cost, Block block, SwapPath path, const Staying& staying) {
    GrowingBlock growing(cost, path, block.first, staying);
    growing.extend(block.last);
    return growing.facts();
}

void note_staying(const CostModel& cost, const BlockFacts& block, std::vector<bool>& there) {
    for (const UnitId unit : block.units) there[cost.model().layer_of(unit).index] = true;
    for (const BroughtLayer& layer : block.brought) there[layer.owner.index] = true;
}

namespace {

// Which block that stays has the parameters that later ones share, by layer.
class Holders {
  public:
    Holders(const Model& model, std::vector<BlockFacts>& facts)
        : model_(model), facts_(facts), by_layer_(model.layer_count()) {}

    void begin() { by_layer_.assign(by_layer_.size(), std::nullopt); }
    // The last of the facts.
    void use() {
        for (const UnitId unit : facts_.back().units)
            for (const LayerId owner : model_.layer(model_.layer_of(unit)).shares)
                if (const auto holder = by_layer_[owner.index])
                    facts_[*holder].used_for =
                        static_cast<std::uint32_t>(facts_.size() - 1 - *holder);
    }
    void stay() {
        const BlockFacts& block = facts_.back();
        for (const UnitId unit : block.units) note(model_.layer_of(unit));
        for (const BroughtLayer& layer : block.brought) note(layer.owner);
    }

  private:
    void note(LayerId layer) {
        if (!by_layer_[layer.index]) by_layer_[layer.index] = facts_.size() - 1;
    }

    const Model& model_;
    std::vector<BlockFacts>& facts_;
    std::vector<std::optional<std::size_t>> by_layer_;
};

}  // namespace

std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path, const StayingBlocks& staying) {
    std::vector<BlockFacts> facts;
    facts.reserve(blocks.size());
    std::vector<bool> there(cost.model().layer_count());
    Holders holders(cost.model(), facts);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        if (blocks[b].first == 0) {
            there.assign(there.size(), false);
            holders.begin();
        }
        const bool may_stay = b < staying.until;
        const bool stays = may_stay && b < staying.kept.size() && staying.kept[b];
        const bool continued = may_stay && staying.parts_of_one && blocks[b].first > 0;
        facts.push_back(
            facts_of(cost, blocks[b], path, {may_stay && staying.all, stays, &there, continued}));
        if (staying.kept.empty()) continue;
        holders.use();
        if (!stays) continue;
        note_staying(cost, facts.back(), there);
        holders.stay();
    }
    return facts;
}

std::vector<Block> finest_blocks(const Model& model) {
    return {model.finest_blocks().begin(), model.finest_blocks().end()};
}

}  // namespace swaplab
