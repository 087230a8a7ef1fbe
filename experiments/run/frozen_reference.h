// How long the library's own optimised model takes where nothing is swapped: what `--frozen` sets
// beside a run. It needs the whole model in memory, so it is taken apart from the run.
#pragma once

#include "experiments/request/scenario.h"
#include "policies/metrics/result.h"

namespace swaplab {

struct FrozenReference {
    // The median of a model's requests; of several models, weighted by how many each ran.
    Duration latency{};
    bool outputs_equal = false;     // to those of the module as it was packed, bit by bit
    double largest_difference = 0;  // of two numbers
    double largest_output = 0;      // of the numbers themselves, without sign

    double slowdown(Duration mean_latency) const;
};

// Throws `InputError` where the backend has no such model.
void require_frozen_reference(const Backend& backend);

// Of the models that `result` ran, with so many threads (0: the library's choice). Throws what
// `run_frozen` throws.
FrozenReference frozen_reference(const Scenario& scenario, int threads, const RunResult& result);

// "1.320x the latency of LibTorch's frozen, optimised model, 410.00 ms (outputs equal)", or
// "(outputs differ by 2.2e-06 at most, of 3.41)".
std::string frozen_text(const FrozenReference& frozen, Duration mean_latency);

}  // namespace swaplab
