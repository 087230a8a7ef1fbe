// Keeping blocks in memory beside a system that streams the others: which, within a budget
// (SEMANTICS: Kept blocks). The systems are published without (`keep=none`); what is kept, and how
// it is chosen, is ours, after FlexInfer's locking and OOM-free double buffering.
#pragma once

#include <memory>
#include <optional>

#include "policies/plan/kept_set.h"
#include "policies/plan/planner.h"

namespace swaplab {

// A partitioner of a system that can stream around blocks that are kept.
class StreamingPartitioner : public Partitioner {
  public:
    virtual SwapPath path() const = 0;
    // By finest block, those that stay in any case; empty: none.
    virtual KeptSet always_kept(const PartitionRequest&) const { return {}; }
    // The least share for what is not kept; what is kept comes on top.
    virtual Bytes least_beside(const PartitionRequest& request, const KeptSet& kept) const = 0;
    // The plan with the least steady pass for that share, `request.budget`, with `steady_pass`; its
    // `need` is of what is not kept, too. Every kept finest block is a block of its own, and
    // marked.
    virtual JobPlan plan_beside(const PartitionRequest& request, const KeptSet& kept) const = 0;
};

// `keep=none|auto|BYTES`.
struct Keep {
    enum class Mode : std::uint8_t { none, automatic, bytes };
    Mode mode = Mode::none;
    Bytes most;  // of Mode::bytes
};

// With `Mode::none` as it is.
std::unique_ptr<Partitioner> make_keeping_partitioner(
    std::unique_ptr<StreamingPartitioner> streaming, Keep keep);

}  // namespace swaplab
