// Moments of a sample, and intervals for its mean by resampling.
#pragma once

#include <cstdint>
#include <span>

namespace swaplab {

struct Moments {
    std::int64_t count = 0;
    double mean = 0;
    double deviation = 0;  // with n - 1
    double skewness = 0;   // 0 where nothing varies
};
Moments moments_of(std::span<const double> values);

// With fewer values their skewness is not known well enough to act upon.
inline constexpr std::int64_t kLeastForBootstrap = 10;

// The bootstrap-t (Efron and Tibshirani, 1993, ch. 12): the distribution of (mean* - mean) / error*
// over resamples instead of Student's, so that it may be skewed.
struct Resampled {
    double low = 0;   // its 2.5 % quantile
    double high = 0;  // its 97.5 % quantile
    // Two-sided, of a true mean of 0; 0 where no resample is as far from its own mean.
    double p_value = 1;
};
// The same values give the same result everywhere.
Resampled resample(std::span<const double> values);

}  // namespace swaplab
