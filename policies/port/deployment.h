// A deployment: what a planner returns and a device prepares itself for.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/port/adaptation.h"
#include "policies/port/block.h"
#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"

namespace swaplab {

// Where the bytes of blocks go (SEMANTICS: Memory).
enum class ArenaKind : std::uint8_t {
    counter,    // bytes only, no addresses
    two_ended,  // blocks alternate between bottom and top in the order they are brought in
    ring,   // contiguous FIFO; what does not fit before the end starts at 0, the slack is wasted
    slots,  // equal slots, taken in turn
    fixed,  // a place for each block that stays, and for nothing else ("static")
};
std::string_view name_of(ArenaKind kind);

struct ArenaPlan {
    ArenaKind kind = ArenaKind::counter;
    Bytes capacity;
    std::uint32_t slots = 0;  // of ArenaKind::slots; capacity is divided among them evenly
    std::vector<Bytes> places = {};  // of ArenaKind::fixed, one behind the other: they add up
    friend bool operator==(const ArenaPlan&, const ArenaPlan&) = default;
};

// One way to run a job: a row of its lookup table where the budget may change during the run, else
// the only one. A request changes to another at a cut, when nothing of the job is in memory.
struct Variant {
    std::uint32_t first = 0, last = 0;  // its blocks: [first, last) of the job's
    ArenaPlan arena;                    // where blocks execute from
    std::optional<ArenaPlan> staging;   // a host arena of its own for what is staged
    // Where the blocks lie that are kept until no request of the job is queued (`keep=`).
    std::optional<ArenaPlan> fixed;
    // The least share with which it holds to the budget; 0 where the partitioner does not tell.
    Bytes need;
    // The least share, if `need` is not enough, with which the next request's first block may come
    // in beside the last; absent: it never may.
    std::optional<Bytes> overlap_need = Bytes{};
    // Of a cold request, where the partitioner has one; of a generative model, of its mean pass.
    std::optional<Duration> closed_form;
    // Of a pass that begins as the one before it ends, where blocks may stay: what plans are
    // compared by then.
    std::optional<Duration> steady_pass;
    // With `keep=`: whether what is kept is the best of all sets, not of some.
    std::optional<bool> kept_of_every_set;

    std::optional<Duration> predicted() const { return steady_pass ? steady_pass : closed_form; }
    IdRange<BlockId> blocks() const { return {first, last}; }
    std::uint32_t size() const { return last - first; }
    bool begins_with(BlockId block) const { return block.index == first; }
    bool ends_with(BlockId block) const { return block.index + 1 == last; }
    bool may_overlap_within(Bytes share) const { return overlap_need && *overlap_need <= share; }
    Bytes kept_bytes() const { return fixed ? fixed->capacity : Bytes{}; }
    Bytes arena_bytes() const {
        return arena.capacity + (staging ? staging->capacity : Bytes{}) + kept_bytes();
    }
};

// One job (one -m of a run).
struct JobPlan {
    JobPlan() = default;
    // With one variant, of these blocks: they partition the model, in execution order.
    JobPlan(NodeId home, SwapPath swap_path, Blocks all);

    NodeId node;
    SwapPath path = SwapPath::zero_copy;
    Blocks blocks;  // of all variants, one after the other, so that BlockIds are dense
    // At least one, by rising need.
    std::vector<Variant> variants = std::vector<Variant>(1);
    std::size_t initial = 0;           // the one in force at the start
    // The last of the variants is no row of the lookup table: finest blocks, one at a time, by which
    // a request goes on to the next cut of its new row (SEMANTICS: Budgets that change).
    bool bridged = false;
    std::uint32_t parallel_reads = 1;  // how many of its reads may run at once
    // By block; empty: none. Kept from the pass in which they are first due to the end of the
    // request; of a variant with a fixed arena, of the last request that is queued.
    IdVector<BlockId, bool> kept;
    bool keeps_all = false;             // likewise every block, of the request that brought it in
    bool parts_of_one = false;          // the blocks are one that would take too long
    Bytes budget;                       // this job's share
    std::uint32_t resident_copies = 0;  // of all parameters, before and during the run (`direct`)

    const Variant& at_start() const { return variants[initial]; }
    Variant& at_start() { return variants[initial]; }
    // The variants that are planned with.
    std::span<const Variant> rows() const {
        return std::span(variants).first(variants.size() - std::size_t{bridged});
    }
    const Variant& bridge() const { return variants.back(); }
    bool keeps(BlockId block) const { return !kept.empty() && kept[block]; }
    StayingBlocks staying() const;
    // Takes in the variants of another plan of the same job, with their blocks, behind its own.
    void append(const JobPlan& other);
    void append_bridge(const JobPlan& other);
};

// The facts of a plan's blocks.
std::vector<BlockFacts> facts_of(const CostModel& cost, const JobPlan& plan);

struct Deployment {
    IdVector<JobId, JobPlan> jobs;
    std::uint32_t parallel_reads = 1;  // how many reads the storage lane runs at once
    // The planner's own prediction of a cold request where it has a closed form.
    std::optional<Duration> closed_form;
    // Where the budget may change during the run: what to do then.
    std::shared_ptr<const Adaptation> adaptation = {};
};

// The typed refusal of a planner: no plan exists within the budget.
struct Infeasible {
    Bytes minimum_budget;  // the smallest budget with which this policy would do
    std::string reason;    // one sentence for people, with the layers that force it
    std::vector<std::string> layers;
};

}  // namespace swaplab
