#include "experiments/measure/coverage.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "profiles/base/text.h"
#include "profiles/fit/repeats.h"
#include "profiles/fit/statistics.h"

namespace swaplab {

namespace {

constexpr std::size_t kFewestRounds = 3;

using Shares = std::array<double, kActivities>;

using Means = std::map<SameWork, double>;

Means means_alone(const std::vector<Measurement>& rows) {
    std::map<SameWork, std::vector<double>> works;
    for (const Measurement& row : rows)
        if (!row.beside && row.depth <= 1 && row.state != MeasuredState::after_idle &&
            row.state != MeasuredState::warm)
            works[SameWork(row)].push_back(row.duration_ns);
    Means means;
    for (auto& [work, durations] : works)
        means[work] = mean_of(without_far_out(std::move(durations)));
    return means;
}

// By activity, of the time that all layers take one after the other.
Shares shares_of(const Means& alone) {
    Shares shares{};
    double total = 0;
    for (const auto& [work, mean] : alone) {
        if (work.layers != 1) continue;
        shares[static_cast<std::size_t>(work.activity)] += mean;
        if (work.activity != Activity::copy && work.activity != Activity::instantiate)
            total += mean;
    }
    for (double& share : shares) share = total > 0 ? share / total : 0;
    return shares;
}

std::optional<double> relative_error(const std::vector<double>& levels) {
    if (levels.size() < kFewestRounds) return std::nullopt;
    // Of a normal distribution; few rounds hardly know their own spread.
    constexpr double half_width = 1.96;
    const double mean = mean_of(levels);
    return mean > 0 ? half_width_95(levels) / half_width / mean : 0;
}

// Of the sum of what all works take on average, from the spread of each work's own samples; those
// with one sample are as noisy as the others.
std::optional<double> error_within(const std::vector<const Measurement*>& rows) {
    std::map<SameWork, std::vector<double>> works;
    for (const Measurement* row : rows) works[SameWork(*row)].push_back(row->duration_ns);
    double squares = 0, freedom = 0, total = 0, uncertain = 0;
    for (auto& [work, all] : works) {
        const std::vector<double> durations = without_far_out(std::move(all));
        const double mean = mean_of(durations);
        total += mean;
        uncertain += mean * mean / static_cast<double>(durations.size());
        if (mean <= 0) continue;
        for (const double ns : durations) squares += std::pow(ns / mean - 1, 2);
        freedom += static_cast<double>(durations.size() - 1);
    }
    if (freedom < 1 || total <= 0) return std::nullopt;
    return std::sqrt(squares / freedom * uncertain) / total;
}

std::vector<double> levels_of(const std::vector<const Measurement*>& rows) {
    std::map<SameWork, std::vector<double>> works;
    for (const Measurement* row : rows) works[SameWork(*row)].push_back(row->duration_ns);
    std::map<SameWork, double> means;
    for (const auto& [work, durations] : works) means[work] = mean_of(without_far_out(durations));
    std::map<std::int64_t, std::pair<double, double>> rounds;  // took, expected
    for (const Measurement* row : rows) {
        auto& [took, expected] = rounds[row->run];
        took += row->duration_ns;
        expected += means[SameWork(*row)];
    }
    std::vector<double> levels;
    for (const auto& [run, sums] : rounds)
        if (sums.second > 0) levels.push_back(sums.first / sums.second);
    return levels;
}

// By how much more than alone rows took, as a share; a rest matters by that only.
double excess_of(const std::vector<const Measurement*>& rows, const Means& alone) {
    double took = 0, expected = 0;
    for (const Measurement* row : rows) {
        const auto found = alone.find(SameWork(*row));
        if (found == alone.end()) continue;
        took += row->duration_ns;
        expected += found->second;
    }
    return expected > 0 ? std::min(1.0, std::abs(took / expected - 1)) : 1;
}

LineCoverage line_of(const std::string& name, const std::vector<const Measurement*>& rows,
                     const Shares& shares, const Means& alone) {
    LineCoverage line;
    line.line = name;
    line.activity = rows.front()->activity;
    line.samples = std::ssize(rows);
    line.least = line.greatest = rows.front()->features.bytes;
    std::map<SameWork, int> works;
    for (const Measurement* row : rows) {
        ++works[SameWork(*row)];
        line.least = std::min(line.least, row->features.bytes);
        line.greatest = std::max(line.greatest, row->features.bytes);
    }
    line.works = std::ssize(works);
    const std::vector<double> levels = levels_of(rows);
    line.rounds = std::ssize(levels);
    line.error = relative_error(levels);
    if (const auto within = error_within(rows); within && line.error)
        line.error = std::max(*line.error, *within);
    if (!line.error) return line;
    line.weighed = *line.error * std::min(1.0, shares[static_cast<std::size_t>(line.activity)]);
    if (rows.front()->state == MeasuredState::after_idle) *line.weighed *= excess_of(rows, alone);
    return line;
}

}  // namespace

std::string line_name(const Measurement& row) {
    std::string name(name_of(row.activity));
    if (row.state == MeasuredState::after_idle) name += " after a rest";
    if (row.state == MeasuredState::warm) name += " warm";
    if (row.depth > 1) name += text(", {} at once", row.depth);
    if (row.beside) name += text(" beside {}", name_of(*row.beside));
    return name;
}

std::vector<LineCoverage> coverage_of(const std::vector<Measurement>& rows) {
    const Means alone = means_alone(rows);
    const Shares shares = shares_of(alone);
    std::map<std::string, std::vector<const Measurement*>> by_line;
    for (const Measurement& row : rows) by_line[line_name(row)].push_back(&row);
    std::vector<LineCoverage> lines;
    for (const auto& [name, of_line] : by_line)
        lines.push_back(line_of(name, of_line, shares, alone));
    return lines;
}

}  // namespace swaplab
