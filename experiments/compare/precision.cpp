#include <algorithm>

#include "experiments/compare/comparison.h"
#include "experiments/statistics/paired.h"

namespace swaplab {

namespace {

constexpr std::int64_t kPilot = 10;

// What the cell that varies most asks for.
std::int64_t replications_needed(const Comparison& comparison, Metric metric, double precision) {
    std::int64_t most = comparison.scenario->replications;
    for (std::size_t row = 0; row < comparison.cells.size(); ++row)
        for (std::size_t i = 0; i < comparison.cells[row].size(); ++i) {
            const std::vector<double> samples = comparison.samples(row, i, metric);
            if (samples.empty()) continue;
            std::int64_t needed = replications_for(samples, precision);
            // What the second stage came to may still be a little too wide.
            if (needed == std::ssize(samples) && relative_half_width(samples) > precision) ++needed;
            most = std::max(most, needed);
        }
    return most;
}

}  // namespace

std::optional<std::int64_t> replications_for_precision(Scenario scenario, Metric metric,
                                                       double precision, std::int64_t most,
                                                       const TryComparison& try_once) {
    scenario.replications = kPilot;
    while (true) {
        const Comparison tried = try_once(scenario);
        if (tried.interrupted) return std::nullopt;
        const std::int64_t needed = replications_needed(tried, metric, precision);
        if (needed == scenario.replications || needed > most) return needed;
        scenario.replications = needed;
    }
}

}  // namespace swaplab
