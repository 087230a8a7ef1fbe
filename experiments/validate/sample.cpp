#include "experiments/validate/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/fit/statistics.h"

namespace swaplab {

double mean(std::span<const double> values) {
    SWAPLAB_CHECK(!values.empty(), "the mean of {} values", values.size());
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
    SWAPLAB_CHECK(!values.empty(), "the median of {} values", values.size());
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, int percent) {
    SWAPLAB_CHECK(!values.empty(), "a percentile of {} values", values.size());
    std::ranges::sort(values);
    const std::size_t rank =
        (static_cast<std::size_t>(percent) * values.size() + 99) / 100;  // rounded up
    return values[std::max<std::size_t>(rank, 1) - 1];
}

double variation(std::span<const double> values) {
    if (values.size() < 2) return 0;
    const double center = mean(values);
    double squares = 0;
    for (const double value : values) squares += (value - center) * (value - center);
    return std::sqrt(squares / static_cast<double>(values.size() - 1)) / center;
}

bool differ(std::span<const double> a, std::span<const double> b) {
    SWAPLAB_CHECK(!a.empty() && a.size() == b.size(), "pairs of {} and {} values", a.size(),
                  b.size());
    std::vector<double> differences;
    for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
    const double center = std::abs(mean(differences));
    return center > (differences.size() < 2 ? 0 : half_width_95(differences));
}

double kendall_tau(std::span<const RankedPair> pairs) {
    SWAPLAB_CHECK(!pairs.empty(), "Kendall's tau of {} pairs", pairs.size());
    std::int64_t balance = 0;
    for (const RankedPair& pair : pairs) {
        const double product = pair.predicted * pair.measured;
        balance += static_cast<std::int64_t>(product > 0) - static_cast<std::int64_t>(product < 0);
    }
    return static_cast<double>(balance) / static_cast<double>(pairs.size());
}

std::vector<std::size_t> sign_changes(std::span<const double> differences) {
    std::vector<std::size_t> changes;
    double last = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        if (differences[i] == 0) continue;
        if (last != 0 && (differences[i] > 0) != (last > 0)) changes.push_back(i);
        last = differences[i];
    }
    return changes;
}

std::size_t matched(std::span<const std::size_t> first, std::span<const std::size_t> second,
                    std::size_t within) {
    std::size_t matches = 0;
    std::size_t next = 0;  // of `second`
    for (const std::size_t at : first) {
        while (next < second.size() && second[next] + within < at) ++next;
        if (next == second.size() || second[next] > at + within) continue;
        ++matches;
        ++next;
    }
    return matches;
}

}  // namespace swaplab
