#include "profiles/fit/drift_of_rows.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace swaplab {
namespace {

constexpr double kFewestPairs = 32;
constexpr double kSure = 2.33;
// Neighbours that are alike to the last per cent: the correlation is longer than can be told.
constexpr double kMostAlike = 0.99;

struct Placed {
    double at = 0;  // ns from the begin of its run
    double value = 0;
};

// By run, in the order of the file, each at what rows before it took.
std::map<std::int64_t, std::vector<Placed>> by_run(const Measurements& measurements,
                                                   const std::vector<Deviation>& deviations) {
    std::map<const Measurement*, double> value_of;
    for (const Deviation& each : deviations) value_of[each.row] = each.value;
    std::map<std::int64_t, double> now;
    std::map<std::int64_t, std::vector<Placed>> runs;
    for (const Measurement& row : measurements.rows) {
        double& at = now[row.run];
        // Other gaps are filled by rows of other activities.
        if (row.state == MeasuredState::after_idle) at += row.gap_ns.value_or(0);
        if (const auto found = value_of.find(&row); found != value_of.end())
            runs[row.run].push_back({at, found->second});
        at += row.duration_ns;
    }
    return runs;
}

// Means over pairs of rows so many places apart.
struct Pairs {
    double count = 0;
    double product = 0;
    double apart_ns = 0;
};

Pairs pairs_at(const std::map<std::int64_t, std::vector<Placed>>& runs, std::size_t distance) {
    Pairs pairs;
    for (const auto& [run, rows] : runs)
        for (std::size_t i = distance; i < rows.size(); ++i) {
            pairs.product += rows[i].value * rows[i - distance].value;
            pairs.apart_ns += rows[i].at - rows[i - distance].at;
            ++pairs.count;
        }
    if (pairs.count == 0) return pairs;
    pairs.product /= pairs.count;
    pairs.apart_ns /= pairs.count;
    return pairs;
}

}  // namespace

std::optional<RowDrift> drift_of_rows(const Measurements& measurements,
                                      const std::vector<Deviation>& deviations) {
    const auto runs = by_run(measurements, deviations);
    const double variance = pairs_at(runs, 0).product;
    const Pairs next = pairs_at(runs, 1);
    const Pairs second = pairs_at(runs, 2);
    if (variance <= 0 || second.count < kFewestPairs) return std::nullopt;
    if (next.product / variance < kSure / std::sqrt(next.count)) return std::nullopt;
    if (second.product <= 0) return std::nullopt;
    const double alike = std::min(second.product / next.product, kMostAlike);
    const double correlation = -(second.apart_ns - next.apart_ns) / std::log(alike);
    if (correlation < static_cast<double>(count_ns(kShortestDrift))) return std::nullopt;
    return RowDrift{std::min(1.0, next.product / alike / variance), correlation};
}

}  // namespace swaplab
