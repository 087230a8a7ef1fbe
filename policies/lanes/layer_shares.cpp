#include "policies/lanes/layer_shares.h"

namespace swaplab {

namespace {

// What the cost of a verb is divided by, of a unit.
std::int64_t weight_of(Verb verb, const Unit& unit) {
    switch (*row_of(verb).activity) {
        case Activity::read: return unit.bytes_on_storage.count;
        case Activity::copy: return unit.parameter_bytes.count;
        default: return unit.parameter_tensors;
    }
}

// Calls visit(index of its layer among those of the block, unit).
template <class Visit>
void for_units(const Model& model, Block block, Visit visit) {
    std::size_t at = 0;
    for (const UnitId unit : block) {
        if (unit.index > block.first && model.layer_of(unit) != model.layer_of({unit.index - 1}))
            ++at;
        visit(at, unit);
    }
}

void share_execution(const CostModel& cost, Block block, std::vector<LayerShare>& shares) {
    for_units(cost.model(), block, [&](std::size_t layer, UnitId unit) {
        shares[layer].use += cost.prompt_unit_ns(unit);
        shares[layer].decode += cost.decode_unit_cost(unit);
    });
    shares.front().use += cost.execute_per_block_ns();
    shares.front().decode.ns += cost.execute_per_block_ns();
}

void share_out(const CostModel& cost, SwapPath path, Block block, Verb verb,
               std::vector<LayerShare>& shares) {
    std::vector<std::int64_t> weights(shares.size());
    std::int64_t sum = 0;
    for_units(cost.model(), block, [&](std::size_t layer, UnitId unit) {
        const std::int64_t weight = weight_of(verb, cost.model().unit(unit));
        weights[layer] += weight;
        sum += weight;
    });
    const double ns = ns_of(cost, path, verb, block);
    if (sum == 0) shares.front().ns[index_of(verb)] = ns;
    for (std::size_t layer = 0; sum > 0 && layer < shares.size(); ++layer)
        shares[layer].ns[index_of(verb)] =
            ns * static_cast<double>(weights[layer]) / static_cast<double>(sum);
}

}  // namespace

std::vector<LayerShare> layer_shares(const CostModel& cost, SwapPath path, Block block) {
    std::vector<LayerShare> shares;
    for_units(cost.model(), block, [&](std::size_t layer, UnitId unit) {
        if (layer == shares.size()) shares.push_back({cost.model().layer_of(unit).index});
    });
    share_execution(cost, block, shares);
    const bool swapped = !steps_of(path, cost.node().compute).empty();
    if (!swapped || cost.parameter_bytes(block).count == 0) return shares;
    for (std::size_t verb = 0; verb < kTimedVerbs; ++verb)
        if (!uses(static_cast<Verb>(verb)))
            share_out(cost, path, block, static_cast<Verb>(verb), shares);
    return shares;
}

}  // namespace swaplab
