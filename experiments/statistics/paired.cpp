#include "experiments/statistics/paired.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/statistics/bootstrap.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/fit/statistics.h"

namespace swaplab {

namespace {

constexpr double kLevel = 0.05;
constexpr double kLeastResampled = 0.001;  // two of 2000

double share_less(std::span<const double> a, std::span<const double> b) {
    double less = 0;
    for (std::size_t i = 0; i < a.size(); ++i) less += a[i] < b[i] ? 1 : a[i] == b[i] ? 0.5 : 0;
    return less / static_cast<double>(a.size());
}

// Student's interval holds on to 95 % up to about this skewness of the mean (Boos and
// Hughes-Oliver, 2000: its error grows with skewness / sqrt(n)).
bool too_skewed(const Moments& moments) {
    constexpr double most = 0.15;
    return moments.count >= kLeastForBootstrap &&
           std::abs(moments.skewness) / std::sqrt(static_cast<double>(moments.count)) > most;
}

}  // namespace

PairedDifference paired_difference(std::span<const double> a, std::span<const double> b) {
    SWAPLAB_CHECK(a.size() == b.size() && !a.empty(), "{} and {} values are no pairs", a.size(),
                  b.size());
    std::vector<double> differences;
    for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
    const Moments moments = moments_of(differences);
    PairedDifference result;
    result.pairs = moments.count;
    result.mean = moments.mean;
    result.a_is_less = share_less(a, b);
    if (moments.deviation == 0) {
        result.interval = {moments.mean, moments.mean};
        result.p_value = moments.mean == 0 ? 1 : 0;
        return result;
    }
    const double error = moments.deviation / std::sqrt(static_cast<double>(moments.count));
    const double half = student_t_95(moments.count - 1) * error;
    result.interval = {moments.mean - half, moments.mean + half};
    result.p_value = student_p_value(moments.mean / error, moments.count - 1);
    result.bootstrap = too_skewed(moments);
    if (!result.bootstrap) return result;
    const Resampled resampled = resample(differences);
    result.interval = {moments.mean - resampled.high * error, moments.mean - resampled.low * error};
    // Further out than any resample Student's tail is all that there is to go by.
    const double least = std::min(result.p_value, kLeastResampled);
    result.p_value = resampled.p_value > 0 ? resampled.p_value : least;
    return result;
}

double half_width(std::span<const double> values) {
    return moments_of(values).deviation == 0 ? 0 : half_width_95(values);
}

double relative_half_width(std::span<const double> values) {
    const double mean = moments_of(values).mean;
    return mean == 0 ? 0 : half_width(values) / std::abs(mean);
}

std::int64_t replications_for(std::span<const double> pilot, double precision) {
    const double ratio = relative_half_width(pilot) / precision;
    const double count = std::ceil(static_cast<double>(pilot.size()) * ratio * ratio);
    constexpr double most = 1e9;
    return std::max<std::int64_t>(std::ssize(pilot),
                                  static_cast<std::int64_t>(std::min(count, most)));
}

std::vector<bool> holm_rejects(std::span<const double> p_values) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return p_values[i]; });
    std::vector<bool> rejected(p_values.size(), false);
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        if (p_values[order[rank]] > kLevel / static_cast<double>(order.size() - rank)) break;
        rejected[order[rank]] = true;
    }
    return rejected;
}

}  // namespace swaplab
