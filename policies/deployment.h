// A deployment: what a planner returns and a device prepares itself for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/block.h"
#include "profiles/ids.h"
#include "profiles/units.h"

namespace swaplab {

// Where the bytes of blocks go (3-semantics: Memory).
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

// One job (one -m of a run).
struct JobPlan {
    NodeId node;
    std::vector<Block> blocks;  // partition the model, in execution order; at least one
    SwapPath path = SwapPath::zero_copy;
    ArenaPlan arena;                   // where blocks execute from
    std::optional<ArenaPlan> staging;  // a host arena of its own for what is staged
    std::uint32_t parallel_reads = 1;  // how many of its reads may run at once
    bool overlap_requests = true;      // the next request's first block may come in beside the last
    Bytes budget;                      // this job's share
    std::uint32_t resident_copies = 0;    // of all parameters, before and during the run (`direct`)
    std::optional<Duration> closed_form;  // of a cold request, where the partitioner has one

    Bytes arena_bytes() const { return arena.capacity + (staging ? staging->capacity : Bytes{}); }
};

struct Deployment {
    std::vector<JobPlan> jobs;         // by JobId
    std::uint32_t parallel_reads = 1;  // how many reads the storage lane runs at once
    // The planner's own prediction of a cold request where it has a closed form.
    std::optional<Duration> closed_form;
};

// The typed refusal of a planner: no plan exists within the budget.
struct Infeasible {
    Bytes minimum_budget;  // the smallest budget with which this policy would do
    std::string reason;    // one sentence for people, with the layers that force it
    std::vector<std::string> layers;
};

}  // namespace swaplab
