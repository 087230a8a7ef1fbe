// Who is better, from runs under the same draws: what two systems differ by in each replication is
// free of all that the draws do to both alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace swaplab {

struct ConfidenceInterval {
    double low = 0;
    double high = 0;

    bool contains(double value) const { return low <= value && value <= high; }
};

// Of the mean of a - b, by replication.
struct PairedDifference {
    std::int64_t pairs = 0;
    double mean = 0;
    ConfidenceInterval interval;  // 95 %
    double p_value = 1;           // two-sided, of the mean being 0
    double a_is_less = 0;         // the share of replications in which a < b; ties count half
    bool bootstrap =
        false;  // the differences are skewed: the interval is resampled, else Student's
};

// Needs as many values of each, one at least. Of one pair, and of pairs that all differ by the same
// (nothing is random), the interval is the difference itself and the p-value 0 or, of equal values,
// 1.
PairedDifference paired_difference(std::span<const double> a, std::span<const double> b);

// Half the width of Student's 95 % interval of a mean (of one value, or of equal ones, 0).
double half_width(std::span<const double> values);
// The same as a share of the mean.
double relative_half_width(std::span<const double> values);

// How many replications bring `relative_half_width` below `precision`, from a few that were run
// first (Stein's two-stage procedure); at least as many as these.
std::int64_t replications_for(std::span<const double> pilot, double precision);

// Which of several hypotheses are rejected so that with 95 % none is rejected wrongly (Holm 1979).
std::vector<bool> holm_rejects(std::span<const double> p_values);

}  // namespace swaplab
