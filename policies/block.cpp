#include "policies/block.h"

#include <array>
#include <utility>

#include "profiles/text.h"

namespace swaplab {

namespace {

constexpr std::array<std::pair<SwapPath, std::string_view>, 4> kPathNames{{
    {SwapPath::resident, "resident"},
    {SwapPath::zero_copy, "zero-copy"},
    {SwapPath::staged, "staged"},
    {SwapPath::standard, "standard"},
}};

}  // namespace

std::string_view name_of(SwapPath path) {
    return kPathNames[static_cast<std::size_t>(path)].second;
}

std::optional<SwapPath> swap_path_named(std::string_view name) {
    for (const auto& [path, known] : kPathNames)
        if (known == name && path != SwapPath::resident) return path;
    return std::nullopt;
}

std::uint32_t copies_of(SwapPath path, ComputeKind compute) {
    switch (path) {
        case SwapPath::staged: return 1;
        case SwapPath::standard: return compute == ComputeKind::gpu ? 2 : 1;
        default: return 0;
    }
}

BlockFacts facts_of(const CostModel& cost, LayerRange layers, SwapPath path) {
    const Model& model = cost.model();
    const Features features = cost.features(layers);
    BlockFacts facts;
    facts.layers = layers;
    facts.parameter_bytes = features.bytes;
    facts.held_bytes = align_up(features.bytes, cost.node().memory.alignment);
    facts.stored_bytes = cost.stored_bytes(layers);
    facts.tensors = features.tensors;
    facts.flops = features.flops;
    facts.activations = model.activation_peak(layers);
    facts.live_out = model.live_across(layers.last);
    facts.execute = to_duration(cost.execute_ns(layers));
    if (!facts.has_parameters() || path == SwapPath::resident) return facts;
    facts.copies = copies_of(path, cost.node().compute);
    facts.read = to_duration(cost.read_ns(layers));
    if (facts.copies > 0) facts.copy = to_duration(cost.copy_ns(layers));
    const double dummy = path == SwapPath::standard ? cost.instantiate_ns(layers) : 0.0;
    facts.assemble = to_duration(dummy + cost.assemble_ns(layers));
    facts.release = to_duration(cost.release_ns(layers));
    return facts;
}

std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path) {
    std::vector<BlockFacts> facts;
    facts.reserve(blocks.size());
    for (const Block& block : blocks) facts.push_back(facts_of(cost, layers_of(block), path));
    return facts;
}

std::vector<Block> unit_blocks(const Model& model) {
    std::vector<Block> blocks;
    for (const LayerRange& unit : model.units()) blocks.push_back(block_of(unit));
    return blocks;
}

}  // namespace swaplab
