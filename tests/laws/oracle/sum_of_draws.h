// The moments of a sum of independent log-normal draws, from textbooks and not from what draws them.
#pragma once

#include <cmath>
#include <vector>

namespace swaplab::oracle {

struct Moments {
    double mean = 0, variance = 0;
    double excess_kurtosis = 0;
};

// Of draws with these means and one coefficient of variation. Fourth cumulants of independent
// draws add up as variances do; of one it is (w^4 + 2 w^3 + 3 w^2 - 6) var^2 with w = 1 + cv^2.
inline Moments sum_of_draws(const std::vector<double>& means, double cv) {
    const double w = 1 + cv * cv;
    const double kurtosis = std::pow(w, 4) + 2 * std::pow(w, 3) + 3 * w * w - 6;
    Moments sum;
    double fourth = 0;
    for (const double mean : means) {
        const double variance = cv * cv * mean * mean;
        sum.mean += mean;
        sum.variance += variance;
        fourth += kurtosis * variance * variance;
    }
    if (sum.variance > 0) sum.excess_kurtosis = fourth / (sum.variance * sum.variance);
    return sum;
}

// The relative standard error of the variance of n samples.
inline double error_of_variance(const Moments& of, double n) {
    return std::sqrt(2 / (n - 1) + of.excess_kurtosis / n);
}

}  // namespace swaplab::oracle
