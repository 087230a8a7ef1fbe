// Statistics of the few repeats of a measurement.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace swaplab {

// Each needs at least one value.
double mean(std::span<const double> values);
double median(std::vector<double> values);  // of an even number: the mean of the middle two
// Nearest rank, as everywhere in results: the smallest value that `percent` of all do not exceed.
double percentile(std::vector<double> values, int percent);

// The standard deviation (of n-1) over the mean; 0 for a single value.
double variation(std::span<const double> values);

// Whether a and b, paired by index because they were measured side by side, differ beyond noise:
// the 95 % interval of their mean difference (Student's t) leaves out 0. Of a single pair: whether
// it differs at all.
bool differ(std::span<const double> a, std::span<const double> b);

// Two things that were ranked twice.
struct RankedPair {
    double predicted = 0;  // a difference; only its sign counts
    double measured = 0;
};
// Kendall's tau over these pairs: (alike - unlike) / all; a pair with a difference of 0 counts as
// neither. Needs at least one pair.
double kendall_tau(std::span<const RankedPair> pairs);

// Where a sequence of differences changes its sign: the index of the first value of the new sign.
// Zeros (no difference) are passed over.
std::vector<std::size_t> sign_changes(std::span<const double> differences);

// Two lists of crossings, both ascending: how many of the first have one of the second of their own
// at most `within` steps away.
std::size_t matched(std::span<const std::size_t> first, std::span<const std::size_t> second,
                    std::size_t within);

}  // namespace swaplab
