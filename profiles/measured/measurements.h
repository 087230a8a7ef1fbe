// Measurement files (FORMATS: Measurement file): CSV, one row per sample, written by `profile`
// and by whoever measures elsewhere, read by `fit`.
//
// Lines `# key: value` before the header: name, compute (gpu or cpu), capacity_bytes, unified
// (true or false), and ours: after_idle_gap_ns (how long storage rested before the `after_idle`
// reads, where rows do not say), alignment_bytes (of direct I/O), read_depth (requests in flight of
// one read), cores, errors (`relative`: all rows are as exact in per cent, so fits weigh them
// alike; else `absolute`), and words about the machine: machine, kernel, cpu, threads, blas,
// governor, storage.
// Columns: activity and duration_ns are needed, the others are 0 or empty where they are missing.
// Ours: dtype; gap_ns (how long storage rested before a read); hand_off_ns (from the end of what
// the activity waited for to its start). Of k > 1 reads in flight (depth k), duration_ns is the
// time in which the k together bring what this one brings.
#pragma once

#include <iosfwd>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiles/cost/cost.h"
#include "profiles/device/platform.h"
#include "profiles/document/csv.h"

namespace swaplab {

enum class MeasuredState : std::uint8_t {
    unknown,     // nothing said
    warm,        // what is used lies in a cache
    after_dma,   // parameters just read
    after_idle,  // storage rested before
    fresh,       // first touch of the memory
};

struct Measurement {
    Activity activity = Activity::read;
    std::optional<OpClass> op;
    std::string label;  // what was measured: a layer, a block, a model
    Features features;  // tensors, layers, FLOPs, bytes
    std::int64_t requests = 0;
    Bytes request_bytes;
    std::int64_t depth = 0;  // reads in flight; 0 and 1 are one
    MeasuredState state = MeasuredState::unknown;
    std::optional<Activity> beside;  // what ran at the same time
    std::string memory_kind;
    std::string mode;   // operating mode; empty for the device's own
    std::string dtype;  // of the model; empty for all (ours)
    double duration_ns = 0;
    std::optional<double> gap_ns;
    std::optional<double> hand_off_ns;
    double cpu_ns = 0;
    std::int64_t run = 0;
    int line = 0;  // of the file
};

struct Measurements {
    std::string file;
    std::optional<std::string> name;
    ComputeKind compute = ComputeKind::cpu;
    Bytes capacity{std::numeric_limits<std::int64_t>::max()};
    bool unified = true;
    std::optional<Duration> after_idle_gap;
    std::optional<Bytes> alignment;
    std::optional<std::int64_t> read_depth;
    std::int64_t cores = 0;
    bool relative_errors = false;
    std::map<std::string, std::string> conditions;  // "kernel" -> "6.1.0"
    std::vector<Measurement> rows;
};

// Throw `InputError` with file, line, column and name on anything else: unknown notes, columns (but
// `x-`), activities, states or op classes, durations that are negative or not finite, no rows.
Measurements read_measurements(const Csv& csv);
Measurements load_measurements(const std::string& path);

// As a file that reads back to the same measurements.
void write_measurements(const Measurements& measurements, std::ostream& to);

std::string_view name_of(MeasuredState state);  // empty for `unknown`

}  // namespace swaplab
