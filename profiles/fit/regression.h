// Non-negative least squares: costs cannot be negative, whatever the noise says.
//
// minimise |A x - y| over x >= 0, where A has a column per feature and a constant one: Lawson and
// Hanson, Solving Least Squares Problems (1974), chapter 23, the active-set method NNLS.
// Unweighted unless the design says otherwise. Columns are scaled to unit length first, since
// counts of bytes and of layers differ by 10^9.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "profiles/device/platform.h"

namespace swaplab {

inline constexpr std::size_t kMostFeatures = 7;

// What was measured: rows of features (no column of ones; all rows of one length, at most
// kMostFeatures) and what each row cost. At least one row; all numbers finite.
struct Design {
    std::vector<std::vector<double>> rows;
    std::vector<double> targets;
    // What each row's error is multiplied by before it is squared, > 0; empty: all alike.
    std::vector<double> weights{};
};

// Why a feature has no say in a fit.
enum class LeftOut : std::uint8_t {
    no,
    does_not_vary,  // one value in all rows: the constant stands for it
    dependent,      // a combination of the constant and of features before it
};

struct Regression {
    std::vector<double> coefficients;  // by feature, >= 0; 0 where it was left out
    double constant = 0;               // >= 0
    std::vector<LeftOut> left_out;     // by feature
    std::vector<Hull> hull;            // by feature, over all rows
    std::int64_t samples = 0;
    // 1 - (residual sum of squares) / (that about the mean); 1 or 0 where no target differs.
    double r2 = 0;
    // Mean |predicted - measured| / measured, each row predicted by the non-negative fit of all
    // other rows. Rows that alone determine a coefficient cannot be left out and do not count, nor
    // do targets of 0; absent if no row is left.
    std::optional<double> loo_mape;
    // Standard deviation of measured / fitted about 1, with as many degrees of freedom as rows
    // exceed positive coefficients (at least 1).
    double residual_cv = 0;

    double predict(const std::vector<double>& features) const;
};

Regression fit_nonnegative(const Design& design);

}  // namespace swaplab
