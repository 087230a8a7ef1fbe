// Units, blocks and the facts about a block that planners decide with and devices act on.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "profiles/base/ids.h"
#include "profiles/cost/cost.h"
#include "profiles/model/model.h"

namespace swaplab {

// How a block's parameters reach the place where they execute (3-semantics: Swap paths). The path
// decides what is held, not the kind of memory.
enum class SwapPath : std::uint8_t {
    resident,   // in place before the run: `direct`
    zero_copy,  // read -> assemble
    staged,     // read into a host arena -> copy into the device arena -> assemble
    standard,   // page cache -> host tensor (-> device) -> dummy model -> assemble
};
std::string_view name_of(SwapPath path);
std::optional<SwapPath> swap_path_named(std::string_view name);

// The position of a slice of a layer; a layer that is not sliced has slice 0 only.
struct Unit {
    LayerId layer;
    std::uint32_t slice = 0;
    friend constexpr auto operator<=>(Unit, Unit) = default;
};

// A half-open range of units [begin, end).
struct Block {
    Unit begin, end;
    friend constexpr auto operator<=>(const Block&, const Block&) = default;
};

constexpr Block block_of(LayerRange layers) { return {{{layers.first}, 0}, {{layers.last}, 0}}; }
constexpr LayerRange layers_of(const Block& block) {
    return {block.begin.layer.index, block.end.layer.index};
}

// How a block of a generative model executes: pass 0 is the prompt, pass p the p-th token after it.
struct Decoding {
    std::uint32_t passes = 1;  // of a request
    std::int64_t prompt_tokens = 1;
    Duration prompt{};  // the execution over the prompt
    DecodeCost cost;    // of a pass of one token, per_block included
    Bytes kv_per_token;
};

// Everything a planner or a device needs to know about one block. Durations are rounded means
// without contention, one per activity.
struct BlockFacts {
    LayerRange layers;
    Bytes parameter_bytes;
    // One copy in memory, rounded up to the node's alignment: the parameters, or what a read brings
    // where that is more (a pack pads each layer to whole pages).
    Bytes held_bytes;
    Bytes stored_bytes;  // what a read brings from storage
    std::int64_t tensors = 0;
    std::int64_t flops = 0;
    ActivationPeak activations;  // A_i
    Bytes live_out;              // alive across the cut behind the block
    Duration read{};
    Duration copy{};      // of one copy
    Duration assemble{};  // includes `instantiate` on the standard path
    Duration execute{};   // of a generative model: the mean over its passes
    Duration release{};
    std::uint32_t copies = 0;          // how many copies the path takes
    std::optional<Decoding> decoding;  // of a generative model

    bool has_parameters() const { return parameter_bytes.count > 0; }
    Duration swap_in() const { return read + copies * copy + assemble; }  // t_in
    Duration execute_in(std::uint32_t pass) const;
    // What execution needs besides parameters, and what is alive behind the block, in a pass.
    ActivationPeak activations_in(std::uint32_t pass) const;
    Bytes live_out_in(std::uint32_t pass) const;
    // What the KV cache grows by when the block executes in a pass.
    Bytes kv_in(std::uint32_t pass) const;
};

// How often a request walks through these blocks of a job.
inline std::uint32_t passes_of(std::span<const BlockFacts> blocks) {
    return blocks.front().decoding ? blocks.front().decoding->passes : 1;
}

// How many `copy` commands a block's swap-in has: 0 zero-copy, 1 staged, standard 2 (gpu) or 1
// (cpu).
std::uint32_t copies_of(SwapPath path, ComputeKind compute);

// The facts of a block that grows at its end, layer by layer, without taking sums and peaks anew:
// what planners use that look at every block.
class GrowingBlock {
  public:
    // Borrows `cost`. The block is empty until the first `extend`.
    GrowingBlock(const CostModel& cost, SwapPath path, std::uint32_t first_layer);
    // Takes in all layers up to `last` (one past the end).
    void extend(std::uint32_t last);
    const BlockFacts& facts() const { return facts_; }

  private:
    const CostModel* cost_;
    SwapPath path_;
    void extend_decoding(std::uint32_t first, std::uint32_t last);

    double execute_ns_ = 0;  // summed from the first layer on, as the cost of a block is
    double prompt_ns_ = 0;   // likewise
    BlockFacts facts_;
};

BlockFacts facts_of(const CostModel& cost, LayerRange layers, SwapPath path);
std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path);
// One block per unit of the model.
std::vector<Block> unit_blocks(const Model& model);

}  // namespace swaplab
