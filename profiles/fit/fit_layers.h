// How long each layer of a model executes, and what a block adds, from execution by layer and by
// block.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiles/measured/measurements.h"
#include "profiles/model/model.h"

namespace swaplab {

struct LayerTime {
    std::string layer;
    Features features;
    double ns = 0;     // mean of the layer as a block of its own, without what a block adds
    double error = 0;  // standard error of that mean
    std::int64_t samples = 0;
};

// Rows of one layer say y_l = t_l + c, rows of the block B say y_B = Σ t_l + c, where c is what
// every block adds: (|B|-1)·c = Σ_{l∈B} y_l - y_B. Estimated by least squares over the blocks, each
// weighed by how exactly its rows and those of its layers are known; never negative, and no more
// than the shortest layer takes.
struct LayerTimes {
    std::vector<LayerTime> layers;    // in order of first appearance
    std::optional<double> per_block;  // c; absent where no block's layers were all measured
    std::int64_t blocks = 0;          // that tell it
};

// From the execute rows of the device's own mode that were measured alone. A row of several layers
// belongs to neighbours in the order of the file that have its label ("first..last", or any without
// "..") and whose parameter bytes, tensors and FLOPs add up to its own.
LayerTimes layer_times(const Measurements& measurements, const std::string& own_mode);

// The model, measured on `device` with these times. Throws `InputError` naming the first layer that
// has none.
Model with_layer_times(const Model& model, const LayerTimes& times, const std::string& device,
                       const std::string& file);

}  // namespace swaplab
