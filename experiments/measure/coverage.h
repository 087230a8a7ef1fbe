// What was measured how well: when to stop, and what to tell.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiles/measured/measurements.h"

namespace swaplab {

// Rows under the same circumstances: "execute", "read, 2 at once", "read beside execute".
struct LineCoverage {
    std::string line;
    Activity activity = Activity::read;
    std::int64_t samples = 0;
    std::int64_t works = 0;  // different layers and blocks
    std::int64_t rounds = 0;
    Bytes least, greatest;  // parameter bytes of a row
    // The relative standard error of the line's level over rounds, widened as Student's t is where
    // there are few of them, or of the sum over its works from the spread of each, whichever is
    // larger; absent below three rounds.
    std::optional<double> error;
    // What that error is of a request's latency, by the activity's share of it; after a rest, by
    // what the rest adds.
    std::optional<double> weighed;
};

std::string line_name(const Measurement& row);

// Every line that has rows. The level of a round is what its rows took over what their works take
// on average over all rounds, so what disturbs a whole round counts too. An activity's share of a
// request is its part of all layers swapped in, executed and released one by one.
std::vector<LineCoverage> coverage_of(const std::vector<Measurement>& rows);

}  // namespace swaplab
