#include "profiles/fit/parallel_speed.h"

#include <cmath>

namespace swaplab {
namespace {

// The probability that `m` of `n` are there, each with `x`.
double binomial(std::int64_t n, std::int64_t m, double x) {
    double probability = 1;
    for (std::int64_t i = 0; i < m; ++i)
        probability *= x * static_cast<double>(n - i) / static_cast<double>(i + 1);
    return probability * std::pow(1 - x, static_cast<double>(n - m));
}

}  // namespace

double speed_of_parallel(const std::vector<double>& speeds, const ParallelReads& reads) {
    const auto k = static_cast<double>(reads.k);
    const double plain = k * reads.alone_ns / reads.took_ns;
    const double apart = reads.rows * reads.first_byte_ns;
    const double work = reads.alone_ns - apart;
    const double sharing = reads.took_ns - apart;
    if (apart <= 0 || work <= 0 || sharing <= 0) return plain;
    // The sum is known + unknown * (the speed of k).
    const auto before = static_cast<std::int64_t>(speeds.size());
    double known = 0;
    double unknown = 0;
    for (std::int64_t at_once = 1; at_once <= reads.k; ++at_once) {
        const double weight = binomial(reads.k - 1, at_once - 1, sharing / reads.took_ns) /
                              static_cast<double>(at_once);
        if (at_once <= before) {
            known += weight * speeds[static_cast<std::size_t>(at_once - 1)];
            continue;
        }
        const double way =
            static_cast<double>(at_once - before) / static_cast<double>(reads.k - before);
        known += weight * speeds.back() * (1 - way);
        unknown += weight * way;
    }
    const double speed = (work / sharing - known) / unknown;
    return speed > 0 ? speed : plain;
}

}  // namespace swaplab
