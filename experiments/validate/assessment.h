// What studies say about the simulator: per configuration, and over all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/validate/sample.h"
#include "experiments/validate/study.h"

namespace swaplab {

// Shares are of 1: 0.03 is 3 %.
struct Point {
    const Study* study = nullptr;  // borrowed, as the configuration
    const Configuration* configuration = nullptr;
    double predicted_ns = 0;
    double measured_ns = 0;  // the median over the repeats
    double cv = 0;           // of the repeats
    double error = 0;        // predicted / measured - 1
    double predicted_overhead = 0, measured_overhead = 0;

    Bytes predicted_peak, accounted_peak;                  // the greatest over the repeats
    std::optional<Bytes> committed_peak, resident_growth;  // likewise, where there is evidence
    Bytes swapped_in;                                      // of one run
    std::optional<double> read_ratio;  // read from storage / swapped in: the one farthest from 1
    // In every repeat: the bytes swapped in and the accounted peak, and what was decided and
    // completed in which order, as predicted.
    bool same_bytes = true, same_order = true;
    std::optional<double> lateness;     // of an emulation: the latest lane's p95 / the mean latency
    std::optional<double> time_scale;   // likewise: the slowest of its runs
    std::optional<bool> outputs_equal;  // in every repeat, to those of `direct`

    double overhead_error() const { return predicted_overhead - measured_overhead; }
    // Predicted / measured - 1 of T / T_direct, each against the reference of its own round: what
    // is left where the machine's speed drifts between profiling and validating.
    double slowdown_error() const { return (1 + predicted_overhead) / (1 + measured_overhead) - 1; }
    double peak_error() const;  // predicted / accounted - 1
    // No more memory than the budget, and VmHWM no more than the budget + 5 % + 8 MiB; nothing
    // without evidence. An emulated block takes whole pages of the host, so that what is committed
    // is allowed that much, too.
    std::optional<bool> within_budget() const;
};

// Beyond this a configuration varies too much between repeats to tell (TARGETS: Fidelity).
inline constexpr double kNoisy = 0.03;

// Two policies whose ranking changes from one budget to the next at which they differ beyond noise.
struct Crossover {
    std::string first, second;
    std::string before, after;                 // the budgets
    bool predicted = false, measured = false;  // which of the two sees it there
};

// What choosing the policy that simulates fastest costs at one budget.
struct Choice {
    std::string models, budget;
    std::string chosen, best;
    double regret = 0;  // measured(chosen) / measured(best) - 1
};

struct Assessment {
    std::vector<Point> points;
    double median_error = 0, p95_error = 0;        // of |error|; 0 without points
    double median_overhead = 0, p95_overhead = 0;  // of |error of the overhead|
    double median_slowdown = 0, p95_slowdown = 0;  // of |error of the slowdown|
    std::vector<const Point*> noisy;               // cv above kNoisy
    // 1 - error / error of the best simple predictor, over the points that stall more than 5 %.
    std::optional<double> skill;
    std::string skill_against;          // that predictor
    std::optional<double> noise_floor;  // F of TARGETS; absent where repeats do not differ
    std::vector<RankedPair> pairs;      // of policies at one budget that differ beyond noise
    std::int64_t pairs_left_out = 0;    // within noise
    std::optional<double> tau;
    std::vector<Choice> choices;
    std::vector<Crossover> crossovers;
    // Crossings that both see within one step of the budgets, over all that either sees.
    std::int64_t crossings = 0, crossings_matched = 0;
    std::optional<double> crossovers_matched;
    std::vector<const Configuration*> failures;
    bool inputs_differ = true;  // outputs of `direct` tell its inputs apart
    bool outputs_seen = false;  // there were any

    std::vector<Point> references;  // `direct` of each study that has measured it

    double worst_regret() const;
};

// Borrows the studies.
Assessment assess(const std::vector<Study>& studies);

// |error| of every point, e.g. for percentiles.
std::vector<double> magnitudes(const std::vector<Point>& points, double (*of)(const Point&));

}  // namespace swaplab
