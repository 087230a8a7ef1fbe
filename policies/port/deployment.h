// A deployment: what a planner returns and a device prepares itself for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/port/adaptation.h"
#include "policies/port/block.h"
#include "profiles/base/ids.h"
#include "profiles/base/units.h"

namespace swaplab {

// Where the bytes of blocks go (SEMANTICS: Memory).
enum class ArenaKind : std::uint8_t {
    counter,    // bytes only, no addresses
    two_ended,  // blocks alternate between bottom and top in the order they are brought in
    ring,   // contiguous FIFO; what does not fit before the end starts at 0, the slack is wasted
    slots,  // equal slots, taken in turn
};
std::string_view name_of(ArenaKind kind);

struct ArenaPlan {
    ArenaKind kind = ArenaKind::counter;
    Bytes capacity;
    std::uint32_t slots = 0;  // of ArenaKind::slots; capacity is divided among them evenly
};

// One way to run a job where the budget may change during the run: a row of its lookup table. A
// request runs with one variant from its first block to its last.
struct Variant {
    std::uint32_t first = 0, last = 0;  // its blocks: [first, last) of the job's
    ArenaPlan arena;
    std::optional<ArenaPlan> staging;
    Bytes need;                             // the least share with which it holds to the budget
    std::optional<Bytes> overlap_need;      // ... and requests may overlap; absent: never
    std::optional<Duration> closed_form{};  // of a cold request

    std::uint32_t blocks() const { return last - first; }
    Bytes arena_bytes() const { return arena.capacity + (staging ? staging->capacity : Bytes{}); }
};

// One job (one -m of a run).
struct JobPlan {
    NodeId node;
    // Partition the model, in execution order; at least one. With variants, those of all variants
    // one after the other, so that BlockIds stay dense.
    std::vector<Block> blocks;
    SwapPath path = SwapPath::zero_copy;
    ArenaPlan arena;                   // where blocks execute from
    std::optional<ArenaPlan> staging;  // a host arena of its own for what is staged
    std::uint32_t parallel_reads = 1;  // how many of its reads may run at once
    // By block; empty: none. Read in the first pass of a request and kept to the end of its last.
    std::vector<bool> kept = {};
    bool overlap_requests = true;  // the next request's first block may come in beside the last
    Bytes budget;                  // this job's share
    std::uint32_t resident_copies = 0;    // of all parameters, before and during the run (`direct`)
    std::optional<Duration> closed_form;  // of a cold request, where the partitioner has one

    // For lookup tables. `need`: the least share with which this plan holds to the budget; 0 where
    // the partitioner does not tell. `overlap_need`: the least with which requests may overlap;
    // absent: `need` if they may at all.
    Bytes need = {};
    std::optional<Bytes> overlap_need = {};

    // Where the budget may change, by rising need: the rows of the job's lookup table. What stands
    // above about arenas is then that of `initial`, the one in force at the start.
    std::vector<Variant> variants = {};
    std::size_t initial = 0;

    Bytes arena_bytes() const { return arena.capacity + (staging ? staging->capacity : Bytes{}); }
    // The variants, at least one: without any, the plan itself.
    std::vector<Variant> all_variants() const;
    Variant as_variant(std::uint32_t first) const;  // the plan, with its blocks from `first` on
};

struct Deployment {
    std::vector<JobPlan> jobs;         // by JobId
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
