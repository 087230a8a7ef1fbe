// From measurements to a device: the lines of its activities by non-negative least squares, and
// what surrounds them (parallel reads, contention, idleness, fresh memory, noise).
//
// Fits are unweighted (FORMATS: Measurement file); a row without an op class, or of several
// layers, feeds `*`; the constant is `ns_per_layer` if every row has layers = 1, else
// `ns_per_block`; only state `after_dma` (or none) feeds execute. Besides, all of it ours:
//   - only execution can depend on FLOPs and activation bytes, only reads on requests;
//   - a row with an op class that says nothing of layers is one layer;
//   - `concurrency[k-1]`, `contention[a][b]`: what rows of depth k, or beside b, should take by the
//     fit of the others, over what they took (or the inverse), in total, first bytes of reads apart
//     (parallel_speed.h); depths between are interpolated; depths of single requests are something
//     else first (queue_depths.h);
//   - `after_idle.ns` and `fresh_ns_per_byte`: what such rows took above the fit of the others;
//   - rows of a mode give the mode its own execute tables, and one factor each to reads and copies;
//   - rows of a dtype give `execute_by_dtype`.
#pragma once

#include <string>
#include <vector>

#include "profiles/device/platform.h"
#include "profiles/fit/regression.h"
#include "profiles/measured/measurements.h"

namespace swaplab {

struct FitOptions {
    std::string name;  // of the device
    // The mode whose rows are the device's own; empty: rows without a mode.
    std::string own_mode;
};

struct FittedTerm {
    std::string_view key;      // of the device file: "ns_per_flop"
    std::string_view feature;  // of the hull: "flops"
    double value = 0;
    LeftOut left_out = LeftOut::no;
};

// One line of the device file with all that is known about its fit.
struct FittedLine {
    std::string of;  // "execute.linear", "modes.15W.execute_by_dtype.float16.*"
    std::vector<FittedTerm> terms;
    std::string_view constant_key;  // "ns_per_layer" or "ns_per_block"
    Regression regression;
};

struct FittedDevice {
    Platform platform;
    std::vector<FittedLine> lines;
    // What a reader should know: rows that were not used, what was assumed or interpolated.
    std::vector<std::string> notes;
};

// Throws `InputError` naming the line where rows cannot be used (rows beside something without rows
// of the same activity alone, reads in several requests of unknown size, modes without own rows).
FittedDevice fit_device(const Measurements& measurements, const FitOptions& options);

// The rows that tell how long the whole model executes: activity execute, labelled with its name,
// of its dtype or of none; their mean durations as anchors of the model, {"DEVICE[:mode=NAME]":
// ns}. `options` as for the fit. Throws `InputError` if there is no such row.
std::map<std::string, Duration> anchors_of(const Measurements& measurements, const Model& model,
                                           const FitOptions& options);
// The model, measured on the device with what its layers took (fit_layers.h): `execute_ns` and
// `measured_on`. `options` as for the fit. Throws `InputError` naming a layer without rows.
Model with_measured_layers(const Measurements& measurements, const Model& model,
                           const FitOptions& options);

// The measurements without those rows, which are of blocks that no fit should be drawn to.
Measurements without_anchors(Measurements measurements, const Model& model);

}  // namespace swaplab
