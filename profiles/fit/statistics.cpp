#include "profiles/fit/statistics.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

double student_t_95(std::int64_t degrees) {
    SWAPLAB_CHECK(degrees >= 1, "Student's t needs at least 1 degree of freedom, got {}", degrees);
    return boost::math::quantile(boost::math::students_t(static_cast<double>(degrees)), 0.975);
}

double student_p_value(double t, std::int64_t degrees) {
    SWAPLAB_CHECK(degrees >= 1, "Student's t needs at least 1 degree of freedom, got {}", degrees);
    const boost::math::students_t student(static_cast<double>(degrees));
    return 2 * boost::math::cdf(boost::math::complement(student, std::abs(t)));
}

double half_width_95(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    SWAPLAB_CHECK(values.size() >= 2, "a confidence interval needs two values, got {}",
                  values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double deviation = std::sqrt(squares / (n - 1));
    return student_t_95(std::ssize(values) - 1) * deviation / std::sqrt(n);
}

}  // namespace swaplab
