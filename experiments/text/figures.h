// Figures for people: percentages, ratios, sizes in one unit for a whole column.
#pragma once

#include <string>
#include <string_view>

#include "profiles/base/units.h"

namespace swaplab {

std::string percent(double share);                              // 0.0312 -> "3.1 %"
std::string times(double ratio);                                // 1.0434 -> "1.043x"
std::string mib(Bytes bytes);                                   // "548.05": MiB without the unit
std::string plural(std::int64_t count, std::string_view noun);  // "1 block", "7 blocks"

// Three significant digits or more: 0.00123, 1.23, 12.3, 123, 1234.
std::string significant(double value);

// The unit of time that suits a set of durations of which `typical` is one of the smallest, and a
// duration in it without the unit.
struct TimeUnit {
    std::string_view name;
    double ns;
};
TimeUnit time_unit_for(Duration typical);
std::string in_unit(Duration duration, const TimeUnit& unit);

// `a / b`, or 0 where b is 0.
double share(Duration a, Duration b);
double share(Bytes a, Bytes b);

}  // namespace swaplab
