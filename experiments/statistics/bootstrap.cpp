#include "experiments/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace swaplab {

namespace {

constexpr std::size_t kResamples = 1999;
constexpr std::uint64_t kSeed = 20000101;  // any: results shall be the same each time

// Which value is drawn next, of `count`: the standard's distributions differ between libraries.
std::size_t draw(std::mt19937_64& random, std::size_t count) {
    constexpr int bits = 32;
    return static_cast<std::size_t>(((random() >> bits) * count) >> bits);
}

double studentized(const Moments& resampled, double mean) {
    const double error = resampled.deviation / std::sqrt(static_cast<double>(resampled.count));
    if (error > 0) return (resampled.mean - mean) / error;
    // The same value drawn each time: as far out as can be.
    return resampled.mean == mean ? 0 : std::copysign(1e12, resampled.mean - mean);
}

}  // namespace

Moments moments_of(std::span<const double> values) {
    Moments moments;
    moments.count = static_cast<std::int64_t>(values.size());
    const auto n = static_cast<double>(values.size());
    for (const double value : values) moments.mean += value / n;
    double squares = 0;
    double cubes = 0;
    for (const double value : values) {
        const double apart = value - moments.mean;
        squares += apart * apart;
        cubes += apart * apart * apart;
    }
    // What rounding of equal values leaves is no variation.
    if (values.size() < 2 || std::sqrt(squares / n) <= 1e-12 * std::abs(moments.mean))
        return moments;
    moments.deviation = std::sqrt(squares / (n - 1));
    moments.skewness = (cubes / n) / std::pow(squares / n, 1.5);
    return moments;
}

Resampled resample(std::span<const double> values) {
    const Moments moments = moments_of(values);
    const double error = moments.deviation / std::sqrt(static_cast<double>(moments.count));
    std::mt19937_64 random(kSeed);
    std::vector<double> all;
    std::vector<double> sample(values.size());
    for (std::size_t i = 0; i < kResamples; ++i) {
        for (double& value : sample) value = values[draw(random, values.size())];
        all.push_back(studentized(moments_of(sample), moments.mean));
    }
    std::ranges::sort(all);
    const double t = moments.mean / error;
    const auto beyond = [&](auto test) {
        return static_cast<double>(std::ranges::count_if(all, test));
    };
    const double above = beyond([&](double one) { return one >= t; });
    const double below = beyond([&](double one) { return one <= t; });
    Resampled resampled;
    resampled.low = all[(kResamples + 1) / 40 - 1];
    resampled.high = all[(kResamples + 1) - (kResamples + 1) / 40 - 1];
    resampled.p_value = std::min(1.0, 2 * std::min(above, below) / (kResamples + 1.0));
    return resampled;
}

}  // namespace swaplab
