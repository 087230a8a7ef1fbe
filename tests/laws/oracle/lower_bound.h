// The lower bound (SEMANTICS: Bounds), from its formula.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace swaplab::oracle {

struct BoundInput {
    std::vector<double> reads;    // R_j, unrounded, already times the smallest factors
    std::vector<double> kernels;  // K_j
    double kappa = 1;             // max(concurrency)
};

// max_i(sum_{j<=i} R_j/kappa + sum_{j>=i} K_j).
inline double longest_chain(const BoundInput& in) {
    double chain = 0;
    for (std::size_t i = 0; i < in.reads.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j <= i; ++j) sum += in.reads[j] / in.kappa;
        for (std::size_t j = i; j < in.kernels.size(); ++j) sum += in.kernels[j];
        chain = std::max(chain, sum);
    }
    return chain;
}

// Of each latency, cold.
inline double cold_bound(const BoundInput& in) {
    return std::max(0.0,
                    std::floor(longest_chain(in)) - 2.0 * static_cast<double>(in.reads.size()));
}

// Of the makespan of a stream of N: M bytes of parameters, a budget of b, read ns_per_byte (times
// the smallest factors). Returned before flooring.
inline double stream_chain(const BoundInput& in, double n, double model_bytes, double budget,
                           double read_ns_per_byte) {
    double reads = 0, kernels = 0;
    for (const double r : in.reads) reads += r;
    for (const double k : in.kernels) kernels += k;
    const double again = std::max(0.0, model_bytes - budget) * read_ns_per_byte;
    return std::max(longest_chain(in) + (n - 1) * kernels,
                    (reads + (n - 1) * again) / in.kappa + in.kernels.back());
}

// By hand, R = 10, 20, 30; K = 5, 6, 7:
//   1. kappa 1: i=1: 10 + 18 = 28; i=2: 30 + 13 = 43; i=3: 60 + 7 = 67: bound 67 - 6 = 61.
//   2. kappa 2: 5 + 18 = 23; 15 + 13 = 28; 30 + 7 = 37: bound 31.
//   3. Stream of 3, kappa 1, M = 60, b = 40, 1 ns a byte: max(67 + 36, 60 + 2 * 20 + 7) = 107; with
//      b = 60: max(103, 67) = 103.

}  // namespace swaplab::oracle
