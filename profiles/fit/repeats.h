// Rows that measured the same thing again. Only the fit includes it.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "profiles/measured/measurements.h"

namespace swaplab {

// What was done: one label, the same features, in one mode. Not under which circumstances.
struct SameWork {
    explicit SameWork(const Measurement& row);
    friend auto operator<=>(const SameWork&, const SameWork&) = default;

    Activity activity;
    std::string label, mode, dtype, memory_kind;
    std::int64_t bytes, tensors, layers, flops, activation_bytes, requests, request_bytes;
};

// The mean of these durations, of which there is at least one.
double mean_of(const std::vector<double>& durations);

// Without what lies far out: more than three times the distance between the quartiles above the
// upper or below the lower one (Tukey, Exploratory Data Analysis, 1977), where there are at least
// eight values. What interrupts a measurement (another process, a page fault) is no property of
// what was measured.
std::vector<double> without_far_out(std::vector<double> values);

// Takes out rows that lie far out among those of the same work under the same circumstances;
// returns how many.
std::int64_t set_aside_far_out(Measurements& measurements);

}  // namespace swaplab
