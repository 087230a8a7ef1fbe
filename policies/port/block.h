// Blocks and the facts about a block that planners decide with and devices act on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "policies/port/swap_path.h"
#include "profiles/base/id_vector.h"
#include "profiles/cost/brought.h"
#include "profiles/cost/cost.h"
#include "profiles/model/model.h"

namespace swaplab {

// A block: the units whose parameters come and go together.
using Block = UnitRange;
using Blocks = IdVector<BlockId, Block>;  // of one job

// How a block of a generative model executes: pass 0 is the prompt, pass p the p-th token after it.
struct Decoding {
    std::uint32_t passes = 1;  // of a request
    std::int64_t prompt_tokens = 1;
    Duration prompt{};  // the execution over the prompt
    DecodeCost cost;    // of a pass of one token, per_block included
    Bytes kv_per_token;
    // One prompt token's share of what the block needs and of what is alive behind it.
    ActivationPeak token_activations;
    Bytes token_live_out;
};

// Everything a planner or a device needs to know about one block. Durations are rounded means
// without contention, one per activity.
struct BlockFacts {
    using Durations = std::array<Duration, kTimedVerbs>;
    // What a swap-in brings that depends on the pass, where tables come in by rows.
    struct Load {
        Bytes parameter_bytes, held_bytes, stored_bytes;
        Durations durations{};  // of its steps and of the release
    };

    UnitRange units;
    // Of its own layers, and of what it brings besides (`brought`): in the largest pass.
    Bytes parameter_bytes;
    // One copy in memory, each extent rounded up to the node's alignment: the parameters, or what a
    // read brings where that is more (a pack pads each unit to whole pages). More than any budget
    // where an activity would take too long: such a block fits nowhere.
    Bytes held_bytes;
    Bytes stored_bytes;  // what a read brings from storage
    std::int64_t tensors = 0;
    std::int64_t flops = 0;
    ActivationPeak activations;  // A_i
    Bytes live_out;              // alive across the cut behind the block
    // By verb; of one command where the path has several, of `execute` the mean over the passes.
    // With what the path and the kind of memory add.
    Durations durations{};
    // Of its read, a part of that duration: what passes before it shares the storage.
    Duration first_byte{};
    // Of its way in, in order: those of the path; none where nothing is swapped.
    std::span<const SwapStep> steps;
    Duration way_in{};  // all steps, one after the other: planners ask it of every block
    std::optional<Decoding> decoding;  // of a generative model
    // Extents that come in behind that of its own layers, in this order.
    std::vector<BroughtLayer> brought;
    std::optional<Load> of_token;  // in a pass of one token, where some come in by rows
    // Of a block that stays: so many blocks behind it comes the last one that uses parameters which
    // this one has or brought. 0: nobody does.
    std::uint32_t used_for = 0;

    bool has_parameters() const { return parameter_bytes.count > 0; }
    Duration of(Verb verb) const { return durations[index_of(verb)]; }
    // What it counts as once it is resident and stays: a block without parameters.
    void stand_aside();
    // In one pass of a request.
    Duration of(Verb verb, std::uint32_t pass) const {
        if (decoding && uses(verb)) return use_in(pass);
        return of_token && pass > 0 ? of_token->durations[index_of(verb)] : of(verb);
    }
    // What comes in in a pass.
    Bytes parameters_in(std::uint32_t pass) const {
        return of_token && pass > 0 ? of_token->parameter_bytes : parameter_bytes;
    }
    Bytes held_in(std::uint32_t pass) const {
        return of_token && pass > 0 ? of_token->held_bytes : held_bytes;
    }
    Bytes stored_in(std::uint32_t pass) const {
        return of_token && pass > 0 ? of_token->stored_bytes : stored_bytes;
    }
    std::uint32_t copies() const;                // that its way in makes, behind the read
    Duration swap_in() const { return way_in; }  // t_in
    Duration use() const { return of(kUse); }    // t_ex
    Duration use_of(std::uint32_t pass) const { return of(kUse, pass); }
    Duration swap_out() const { return of(kSwapOut); }  // t_out
    // What execution needs besides parameters, and what is alive behind the block, in a pass.
    ActivationPeak activations_in(std::uint32_t pass) const;
    Bytes live_out_in(std::uint32_t pass) const;
    // What the KV cache grows by when the block executes in a pass.
    Bytes kv_in(std::uint32_t pass) const;

  private:
    Duration use_in(std::uint32_t pass) const;
};

// What is known of all jobs of a run, of each of their blocks.
using AllFacts = IdVector<JobId, IdVector<BlockId, BlockFacts>>;
using CostModels = IdVector<JobId, CostModel>;

// How often a request walks through these blocks of a job.
inline std::uint32_t passes_of(std::span<const BlockFacts> blocks) {
    return blocks.front().decoding ? blocks.front().decoding->passes : 1;
}

// The facts of a block that grows at its end, unit by unit, without taking sums and peaks anew:
// what planners use that look at every block.
class GrowingBlock {
  public:
    // Borrows `cost`. The block is empty until the first `extend`.
    GrowingBlock(const CostModel& cost, SwapPath path, std::uint32_t first_unit,
                 const Staying& staying = {});
    // Takes in all units up to `last` (one past the end). Throws `InputError` where an activity of
    // a block that cannot be divided would take 2^42 ns or more.
    void extend(std::uint32_t last);
    const BlockFacts& facts() const { return facts_; }

  private:
    void extend_decoding(UnitRange more);
    void take_brought();
    void take_swap(const Features& features, const Reading& reading);
    void price_swap(const Features& features, const Reading& reading,
                    BlockFacts::Durations& durations);
    double with_added(Verb verb, const Features& features, const Reading& reading) const;
    void price(Verb verb);

    // What a verb costs: a line of the device, or more than one (null).
    struct Priced {
        Verb verb{};
        const LinearCost* line = nullptr;
        double scale = 1;
        bool reads = false;  // of what is read
    };

    Duration capped(double ns);
    double once(double per_block_ns) const { return continued_ ? 0 : per_block_ns; }
    void refuse_too_long();

    const CostModel* cost_;
    const SwapPathRow* path_;
    bool continued_;
    double too_long_ns_ = 0;                    // an activity that would take too long, if one does
    std::array<Priced, kTimedVerbs> priced_{};  // those of the path, and the release
    std::size_t verbs_priced_ = 0;
    Duration first_byte_;    // of a read that takes longer than that
    double execute_ns_ = 0;  // summed from the first unit on, as the cost of a block is
    double prompt_ns_ = 0;   // likewise
    Brought brought_;
    BlockFacts facts_;
};

// What a verb that is about parameters takes of a block that brings its own, with what the path
// adds, before it is rounded to `BlockFacts::durations`.
double ns_of(const CostModel& cost, SwapPath path, Verb verb, Block block);
BlockFacts facts_of(const CostModel& cost, Block block, SwapPath path, const Staying& staying = {});

// What is there, by layer, once the block has come in to stay, for blocks behind it.
void note_staying(const CostModel& cost, const BlockFacts& block, std::vector<bool>& there);

// Which blocks stay to the end of a request.
struct StayingBlocks {
    bool all = false;
    std::vector<bool> kept = {};  // by block; empty: none
    bool parts_of_one = false;    // the blocks are parts of one (`Staying::continued`)
    std::size_t until = SIZE_MAX;  // blocks from here on come and go, whatever is said of others
};
// Of blocks in order of execution; where one begins the model again (another variant), nothing of
// those before is there.
std::vector<BlockFacts> facts_of(const CostModel& cost, std::span<const Block> blocks,
                                 SwapPath path, const StayingBlocks& staying = {});
// The finest blocks that the model may be cut into.
std::vector<Block> finest_blocks(const Model& model);

}  // namespace swaplab
