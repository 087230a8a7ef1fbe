// Statistics of small samples.
#pragma once

#include <cstdint>
#include <span>

namespace swaplab {

// The 97.5 % quantile of Student's t distribution: half the width of a two-sided 95 % interval, in
// standard errors. Needs degrees >= 1.
double student_t_95(std::int64_t degrees);

// How likely |t| or more is where the true mean is 0: a two-sided p-value. Needs degrees >= 1.
double student_p_value(double t, std::int64_t degrees);

// Half the width of the 95 % confidence interval of the mean: t·s/sqrt(n). Needs two values.
double half_width_95(std::span<const double> values);

}  // namespace swaplab
