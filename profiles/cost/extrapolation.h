// Where a cost is asked for beyond what was measured: a line holds between the least and the
// greatest value of each feature that it was fitted on (the hull in `provenance.fit`), a table of
// reads up to its last point.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab {

struct Extrapolation {
    std::size_t block = 0;  // index among the blocks asked about
    std::string of;         // by its name in `provenance.fit`: "execute.linear"; "read.table"
    std::string feature;    // "flops"
    double value = 0;       // the value farthest outside
    Hull measured;
};

// Whether the device says of any cost how far it was measured.
bool tells_what_was_measured(const Platform& platform);

// A block, and the parameters that come in with it.
struct SwappedBlock {
    UnitRange units;
    Bytes parameter_bytes, stored_bytes;
    std::int64_t tensors = 0;
};

// What lies outside, by block, line and feature, each once. Execution is looked at unit by unit,
// but for a `*` that was fitted on rows of several layers, which is about a block's units
// together. Empty if the device tells nothing. `nodes[0]` of the platform, in its mode.
std::vector<Extrapolation> extrapolated(const Model& model, const Platform& platform,
                                        std::span<const SwappedBlock> blocks);
// Of blocks that bring in what their own layers have.
std::vector<Extrapolation> extrapolated(const Model& model, const Platform& platform,
                                        std::span<const UnitRange> blocks);

}  // namespace swaplab
