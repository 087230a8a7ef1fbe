// Random models: chains and branches, layers with and without parameters, huge ones, activations.
#pragma once

#include "profiles/model/model.h"
#include "tests/support/random.h"

namespace swaplab::testing {

struct ModelShape {
    std::int64_t least_layers = 1, most_layers = 12;
    // Sizes and work up to this; small (below 10) makes ties and zero durations common.
    std::int64_t scale = std::int64_t{1} << 20;
    int percent_without_parameters = 25;
    int percent_huge = 10;      // eight times the scale
    int percent_branches = 30;  // layers that read more than the layer before
    int percent_grouped = 0;    // layers not to be separated from the one before
    int percent_stored = 0;     // bytes on storage differ from those in memory
    bool activations = true;    // tensors and workspace
};

// The same seed gives the same model. Named "random-SEED".
ModelPtr random_model(std::uint64_t seed, const ModelShape& shape = {});

}  // namespace swaplab::testing
