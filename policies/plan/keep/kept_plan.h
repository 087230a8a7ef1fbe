// The plan of a system that streams, with a given set of blocks kept.
#pragma once

#include <optional>
#include <vector>

#include "policies/plan/keep/keep.h"
#include "policies/plan/keep/kept_sets.h"

namespace swaplab {

// What is kept, as the parameters are when they stay.
struct KeptBytes {
    std::vector<Bytes> places;  // of the kept blocks, in order
    Bytes total;

    KeptBytes(const PartitionRequest& request, const KeptSet& kept, SwapPath path);
};

// Finest blocks that may be kept besides those that stay in any case: in a set of some of them each
// holds at least `bytes`.
std::vector<KeepCandidate> keep_candidates(const StreamingPartitioner& streaming,
                                           const PartitionRequest& request);

// What is left of the request beside `kept` bytes.
PartitionRequest rest_beside(const PartitionRequest& request, Bytes kept);

// Nothing where it does not fit. `bytes` are those of `kept`.
std::optional<JobPlan> plan_keeping(const StreamingPartitioner& streaming,
                                    const PartitionRequest& request, const KeptSet& kept,
                                    const KeptBytes& bytes);

}  // namespace swaplab
