// What each layer of a cut program makes, needs and does, found by executing it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "hw/torch/pack/op_counter.h"
#include "hw/torch/run/skeleton.h"
#include "profiles/base/units.h"

namespace swaplab {

struct MeasuredLayer {
    std::set<std::uint32_t> reads;  // earlier layers whose outputs it takes
    bool reads_input = false;
    Bytes output;  // memory made in it that is alive behind it, each storage once
    Bytes peak;    // the most that was in use while it ran, its inputs included
    OpCount work;
};

struct MeasuredRun {
    std::vector<MeasuredLayer> layers;
    Bytes input;  // copies of the model's inputs
    std::string digest;
};

// Executes layer by layer, twice: what LibTorch allocates once and keeps is not measured.
MeasuredRun measure_layers(const Skeleton& skeleton, const std::vector<at::Tensor>& parameters,
                           const std::vector<at::Tensor>& inputs);

}  // namespace swaplab
